#include "predict/scorer/table_scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "nn/autocast.h"
#include "predict/postprocess/postprocess.h"
#include "table/schema_check.h"
#include "train/precision.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

std::vector<std::string> trained_columns(const table::FeatureEncoder& encoder) {
  std::vector<std::string> columns;
  for (const table::EncodedFeature& feature : encoder.features()) columns.push_back(feature.settings.column);
  return columns;
}

void require_known(const std::vector<std::string>& known, const std::string& name, const std::string& key) {
  if (std::ranges::find(known, name) != known.end()) return;
  const std::string nearest = nearest_name(name, known);
  throw ConfigError(
      str_format("{}: the model has no feature \"{}\"; {}", key, name,
                 nearest.empty() ? "it has " + join(known) : str_format("did you mean \"{}\"?", nearest)));
}

/// A model knows its features by name, so their order in the settings does not matter: they say what the user
/// believes that it reads.
void check_inputs(const PredictSettings& settings, const std::vector<std::string>& trained) {
  for (const auto& [input, columns] : settings.inputs) {
    if (input != "features")
      throw ConfigError(str_format("inputs.{}: a model of tables has one input, features", input));
    for (const std::string& column : columns) require_known(trained, column, "inputs.features");
    for (const std::string& name : trained) {
      if (std::ranges::find(columns, name) == columns.end())
        throw ConfigError(str_format("inputs.features: the model also reads \"{}\"", name));
    }
  }
  for (const auto& [feature, column] : settings.rename) require_known(trained, feature, "rename");
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

class TableScorer final : public Scorer {
 public:
  TableScorer(LoadedModel model, const PredictSettings& settings)
      : model_(std::move(model)),
        postprocess_(
            make_postprocess(settings.postprocess, output_of(*model_.encoder), settings.output.prefix)),
        precision_(settings.precision),
        batch_(settings.batch),
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
    const c10::InferenceMode no_gradients;
    table::EncodedRows rows = model_.encoder->encode_inputs(inputs);
    Scores scores{.columns = postprocess_->begin(), .problems = std::move(rows.problems)};
    const StageScope scope(LoadStage::kModel);
    for (int64_t begin = 0; begin < rows.rows; begin += batch_)
      postprocess_->append(predict(rows, begin, std::min(begin + batch_, rows.rows)), scores);
    return scores;
  }

 private:
  /// float32 [rows, outputs], on the CPU.
  at::Tensor predict(table::EncodedRows& rows, int64_t begin, int64_t end) const {
    nn::Activations inputs;
    const int64_t numbers = model_.encoder->numbers();
    const auto categories = static_cast<int64_t>(model_.encoder->categories().size());
    if (numbers > 0)
      inputs["features"] =
          at::from_blob(rows.numbers.data() + begin * numbers, {end - begin, numbers}, at::kFloat)
              .to(train::storage_type(precision_));
    if (categories > 0)
      inputs["categories"] =
          at::from_blob(rows.categories.data() + begin * categories, {end - begin, categories}, at::kInt)
              .to(at::kLong);
    const nn::AutocastScope autocast(train::autocast_type(precision_), at::Device(at::kCPU));
    const nn::Activations outputs = model_.model->forward(std::move(inputs), {.training = false});
    return outputs.at(model_.model->spec().outputs.front()).to(at::kFloat);
  }

  LoadedModel model_;
  std::unique_ptr<const Postprocess> postprocess_;
  train::Precision precision_;
  int64_t batch_;
  std::vector<std::string> inputs_;
};

}  // namespace

std::unique_ptr<Scorer> make_table_scorer(LoadedModel model, const PredictSettings& settings) {
  return std::make_unique<TableScorer>(std::move(model), settings);
}

}  // namespace echelon::predict
