#include "predict/scorer/table_scorer.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "predict/inference/batch_size.h"
#include "predict/postprocess/postprocess.h"
#include "predict/scorer/require_name.h"
#include "table/schema_check.h"

namespace echelon::predict {
namespace {

using table::Column;

std::vector<std::string> trained_columns(const table::FeatureEncoder& encoder) {
  std::vector<std::string> columns;
  for (const table::EncodedFeature& feature : encoder.features()) columns.push_back(feature.settings.column);
  return columns;
}

constexpr std::string_view kFeature = "feature ";

/// A model knows its features by name, so their order in the settings does not matter: they say what the user
/// believes that it reads.
void check_inputs(const PredictSettings& settings, const std::vector<std::string>& trained) {
  for (const auto& [input, columns] : settings.inputs) {
    if (input != "features")
      throw ConfigError(str_format("inputs.{}: a model of tables has one input, features", input));
    for (const std::string& column : columns) require_name("inputs.features", column, trained, kFeature);
    for (const std::string& name : trained) {
      if (std::ranges::find(columns, name) == columns.end())
        throw ConfigError(str_format("inputs.features: the model also reads \"{}\"", name));
    }
  }
  for (const auto& [feature, column] : settings.rename) require_name("rename", feature, trained, kFeature);
}

/// As the files call them.
std::vector<std::string> input_columns(const PredictSettings& settings,
                                       const table::FeatureEncoder& encoder) {
  std::vector<std::string> columns = trained_columns(encoder);
  check_inputs(settings, columns);
  for (std::string& column : columns) {
    if (const auto renamed = settings.rename.find(column); renamed != settings.rename.end())
      column = renamed->second;
  }
  return columns;
}

ModelOutput output_of(const table::FeatureEncoder& encoder) {
  const table::EncodedTarget& target = *encoder.target();
  if (encoder.has_classes()) {
    return {.usual = PostprocessKind::kClass,
            .values = encoder.classes(),
            .class_names = target.classes.values()};
  }
  return {.usual = PostprocessKind::kRegression,
          .values = 1,
          .scale = target.number.deviation,
          .shift = target.number.mean};
}

/// The inputs of rows, of which the numbers are `numbers` and the categories `categories`, one after the
/// other.
nn::Activations inputs_of(const table::FeatureEncoder& encoder, float* numbers, int32_t* categories,
                          int64_t rows) {
  nn::Activations inputs;
  const auto category_count = static_cast<int64_t>(encoder.categories().size());
  if (encoder.numbers() > 0)
    inputs["features"] = at::from_blob(numbers, {rows, encoder.numbers()}, at::kFloat);
  if (category_count > 0)
    inputs["categories"] = at::from_blob(categories, {rows, category_count}, at::kInt).to(at::kLong);
  return inputs;
}

int64_t usual_batch(const LoadedModel& model) {
  constexpr int64_t kMostRows = 8192;
  std::vector<float> numbers(static_cast<size_t>(model.encoder->numbers()));
  std::vector<int32_t> categories(model.encoder->categories().size());
  return choose_batch(model.inference->spec(),
                      inputs_of(*model.encoder, numbers.data(), categories.data(), 1), kMostRows);
}

class TableScorer final : public Scorer {
 public:
  TableScorer(LoadedModel model, const PredictSettings& settings)
      : model_(std::move(model)),
        postprocess_(
            make_postprocess(settings.postprocess, output_of(*model_.encoder), settings.output.prefix)),
        batch_(settings.batch.value_or(usual_batch(model_))),
        inputs_(input_columns(settings, *model_.encoder)) {}

  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return postprocess_->outputs(); }

  void check(const std::string& file, const table::Schema& schema) const override {
    std::vector<table::WantedColumn> wanted;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const bool category = model_.encoder->features()[i].settings.kind == table::FeatureKind::kCategorical;
      wanted.push_back(
          {.name = inputs_[i], .need = category ? table::Need::kCategory : table::Need::kNumber});
    }
    table::require_columns(file, schema, wanted);
  }

  Scores score(std::span<const Column> inputs) const override {
    table::EncodedRows rows = model_.encoder->encode_inputs(inputs);
    Scores scores{.columns = postprocess_->begin(), .problems = std::move(rows.problems)};
    const StageScope scope(LoadStage::kModel);
    for (int64_t begin = 0; begin < rows.rows; begin += batch_)
      postprocess_->append(predict(rows, begin, std::min(begin + batch_, rows.rows)), scores);
    return scores;
  }

 private:
  /// [rows, outputs], on the CPU.
  at::Tensor predict(table::EncodedRows& rows, int64_t begin, int64_t end) const {
    const table::FeatureEncoder& encoder = *model_.encoder;
    float* numbers = rows.numbers.data() + begin * encoder.numbers();
    int32_t* categories = rows.categories.data() + begin * static_cast<int64_t>(encoder.categories().size());
    return model_.inference->run(inputs_of(encoder, numbers, categories, end - begin)).cpu();
  }

  LoadedModel model_;
  std::unique_ptr<const Postprocess> postprocess_;
  int64_t batch_;
  std::vector<std::string> inputs_;
};

}  // namespace

std::unique_ptr<Scorer> make_table_scorer(LoadedModel model, const PredictSettings& settings) {
  return std::make_unique<TableScorer>(std::move(model), settings);
}

}  // namespace echelon::predict
