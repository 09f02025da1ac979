#include "predict/scorer/tensor_scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "predict/scorer/require_name.h"
#include "predict/tensor_model/tensor_input.h"
#include "predict/tensor_model/tensor_outputs.h"
#include "table/schema_check.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

/// What lies between the layers of a model from outside is not known.
int64_t batch_of(const PredictSettings& settings) {
  return settings.batch.value_or(256);
}

std::vector<TensorInput> make_inputs(const TensorModel& model, const PredictSettings& settings) {
  for (const auto& [name, tensor] : settings.tensors) require_name("tensors." + name, name, model.inputs());
  std::vector<TensorInput> inputs;
  for (const std::string& name : model.inputs()) {
    const auto tensor = settings.tensors.find(name);
    inputs.emplace_back(name, settings.inputs.at(name),
                        tensor == settings.tensors.end() ? TensorSettings() : tensor->second);
    const size_t i = inputs.size() - 1;
    if (!model.types().empty() && inputs[i].type() != model.types()[i])
      throw ConfigError(str_format("tensors.{}.type: {} takes {}", name, model.signature(),
                                   c10::getDtypeNames(model.types()[i]).first));
  }
  return inputs;
}

std::vector<std::string> distinct_columns(const std::vector<TensorInput>& inputs) {
  std::vector<std::string> columns;
  for (const TensorInput& input : inputs)
    for (const std::string& column : input.columns())
      if (std::ranges::find(columns, column) == columns.end()) columns.push_back(column);
  return columns;
}

std::string describe_tensors(const std::vector<std::string>& names, const std::vector<at::Tensor>& tensors) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < tensors.size(); ++i)
    texts.push_back(str_format("{} {} {}", names[i], at::toString(tensors[i].scalar_type()),
                               format_shape(tensors[i].sizes())));
  return join(texts);
}

/// A row of `column` that stands for one that cannot be scored.
void append_empty_row(Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
      column.bools.push_back(0);
      break;
    case ColumnType::kInt64:
    case ColumnType::kTimestamp:
      column.integers.push_back(0);
      break;
    case ColumnType::kFloat32:
      column.floats.push_back(0);
      break;
    case ColumnType::kFloat64:
      column.doubles.push_back(0);
      break;
    default:
      column.offsets.push_back(column.offsets.back());
  }
  ++column.rows;
}

class TensorScorer final : public Scorer {
 public:
  TensorScorer(std::unique_ptr<const TensorModel> model, const PredictSettings& settings)
      : model_(std::move(model)),
        tensors_(make_inputs(*model_, settings)),
        inputs_(distinct_columns(tensors_)),
        outputs_(learn_outputs(settings)),
        batch_(batch_of(settings)) {}

  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return outputs_.schema(); }
  Grain grain() const override { return {.unit_rows = 1 << 16, .chunk_rows = 1 << 13}; }

  void check(const std::string& file, const table::Schema& schema) const override {
    std::vector<table::WantedColumn> wanted;
    for (const TensorInput& tensor : tensors_)
      std::ranges::copy(tensor.wanted(schema), std::back_inserter(wanted));
    table::require_columns(file, schema, wanted, "; one column of lists may stand for many of numbers");
  }

  Scores score(std::span<const Column> inputs) const override {
    const c10::InferenceMode no_gradients;
    const int64_t rows = inputs[0].rows;
    Scores scores, made{.columns = outputs_.begin()};
    std::vector<int64_t> order;  // rows of `made` as rows of the input
    for (const auto& [shape, members] : group(inputs, scores.problems)) {
      const std::span<const int64_t> all(members);
      for (size_t begin = 0; begin < all.size(); begin += static_cast<size_t>(batch_)) {
        const size_t count = std::min(static_cast<size_t>(batch_), all.size() - begin);
        run(inputs, all.subspan(begin, count), made, order, scores.problems);
      }
    }
    for (auto& [row, problem] : made.problems)
      scores.problems.emplace(order[static_cast<size_t>(row)], std::move(problem));
    const bool in_order = std::cmp_equal(order.size(), rows) && std::ranges::is_sorted(order);
    scores.columns = in_order ? std::move(made.columns) : sort_rows(made.columns, order, rows);
    return scores;
  }

 private:
  /// What the model makes of zeros, where that can be asked.
  TensorOutputs learn_outputs(const PredictSettings& settings) const {
    const bool known =
        std::ranges::all_of(tensors_, [](const TensorInput& input) { return input.row_shape().has_value(); });
    if (!known) {
      if (model_->outputs()) return {settings, *model_->outputs(), {}};
      throw ConfigError(str_format(
          "tensors: give the shape of each input: how many tensors {} makes is not known before it "
          "runs",
          model_->signature()));
    }
    const int64_t rows = std::min(batch_of(settings), int64_t{2});
    std::vector<at::Tensor> zeros;
    for (const TensorInput& input : tensors_) zeros.push_back(input.zeros(rows));
    std::vector<std::string> names;
    std::map<std::string, int64_t> values;
    try {
      const c10::InferenceMode no_gradients;
      for (const NamedTensor& made : model_->run(zeros)) {
        names.push_back(made.name);
        values[made.name] = values_of_row(made.value);
      }
    } catch (const RefusedTensors& refusal) {
      throw ConfigError(str_format("model: {} cannot take {}: {}", model_->signature(),
                                   describe_tensors(model_->inputs(), zeros), refusal.what()));
    }
    if (names.empty()) throw ConfigError(str_format("model: {} makes nothing", model_->signature()));
    return {settings, names, values};
  }

  /// What input `tensor` reads of `inputs`.
  std::vector<const Column*> columns_of(const TensorInput& tensor, std::span<const Column> inputs) const {
    std::vector<const Column*> columns;
    for (const std::string& name : tensor.columns()) {
      const auto place = std::ranges::find(inputs_, name) - inputs_.begin();
      columns.push_back(&inputs[static_cast<size_t>(place)]);
    }
    return columns;
  }

  /// Rows without a problem, by how many values each of their tensors has.
  std::map<std::vector<int64_t>, std::vector<int64_t>> group(std::span<const Column> inputs,
                                                             std::map<int64_t, std::string>& problems) const {
    const StageScope scope(LoadStage::kConvert);
    std::vector<std::vector<const Column*>> columns;
    for (const TensorInput& tensor : tensors_) columns.push_back(columns_of(tensor, inputs));
    std::map<std::vector<int64_t>, std::vector<int64_t>> groups;
    std::vector<int64_t> shape(tensors_.size());
    for (int64_t row = 0; row < inputs[0].rows; ++row) {
      std::string problem;
      for (size_t i = 0; i < tensors_.size() && problem.empty(); ++i) {
        problem = tensors_[i].problem(columns[i], row);
        if (problem.empty()) shape[i] = tensors_[i].values(columns[i], row);
      }
      if (problem.empty()) {
        groups[shape].push_back(row);
      } else {
        problems.emplace(row, std::move(problem));
      }
    }
    return groups;
  }

  void run(std::span<const Column> inputs, std::span<const int64_t> rows, Scores& made,
           std::vector<int64_t>& order, std::map<int64_t, std::string>& problems) const {
    std::vector<at::Tensor> tensors;
    for (const TensorInput& tensor : tensors_)
      tensors.push_back(tensor.make(columns_of(tensor, inputs), rows));
    try {
      const StageScope scope(LoadStage::kModel);
      outputs_.append(model_->run(tensors), static_cast<int64_t>(rows.size()), model_->signature(), made);
      order.insert(order.end(), rows.begin(), rows.end());
    } catch (const RefusedTensors& refusal) {
      if (rows.size() == 1) {
        problems.emplace(rows[0], str_format("the model cannot take {}: {}",
                                             describe_tensors(model_->inputs(), tensors), refusal.what()));
        return;
      }
      for (size_t i = 0; i < rows.size(); ++i) run(inputs, rows.subspan(i, 1), made, order, problems);
    }
  }

  static std::vector<Column> sort_rows(const std::vector<Column>& made, const std::vector<int64_t>& order,
                                       int64_t rows) {
    std::vector<int64_t> places(static_cast<size_t>(rows), -1);
    for (size_t i = 0; i < order.size(); ++i) places[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
    std::vector<Column> sorted;
    for (const Column& column : made) {
      sorted.push_back(table::empty_like(column));
      for (const int64_t place : places) {
        if (place < 0) {
          append_empty_row(sorted.back());
        } else {
          table::append_rows(sorted.back(), column, place, place + 1);
        }
      }
    }
    return sorted;
  }

  std::unique_ptr<const TensorModel> model_;
  std::vector<TensorInput> tensors_;
  std::vector<std::string> inputs_;
  TensorOutputs outputs_;
  int64_t batch_;
};

}  // namespace

std::unique_ptr<Scorer> make_tensor_scorer(std::unique_ptr<const TensorModel> model,
                                           const PredictSettings& settings) {
  return std::make_unique<TensorScorer>(std::move(model), settings);
}

}  // namespace echelon::predict
