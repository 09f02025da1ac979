#include "predict/tensor_model/tensor_outputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>

#include "common/error.h"
#include "common/format.h"
#include "predict/scorer/require_name.h"

namespace echelon::predict {
namespace {

/// float32 or float64 [rows, …].
at::Tensor as_rows(const NamedTensor& tensor, int64_t rows, const std::string& signature) {
  at::Tensor value = tensor.value;
  if (value.dim() == 0 || value.size(0) != rows)
    throw ConfigError(str_format("model: {} makes {}{} of {} rows; the first dimension must be the rows",
                                 signature, tensor.name.empty() ? "" : tensor.name + " ",
                                 format_shape(value.sizes()), rows));
  if (value.is_complex())
    throw ConfigError(
        str_format("model: {} makes complex numbers, of which there are no columns", signature));
  if (value.scalar_type() != at::kDouble) value = value.to(at::kFloat);
  return value.dim() == 1 ? value.unsqueeze(1) : value;
}

}  // namespace

int64_t values_of_row(const at::Tensor& tensor) {
  return tensor.dim() == 0 || tensor.size(0) == 0 ? 0 : tensor.numel() / tensor.size(0);
}

TensorOutputs::TensorOutputs(const PredictSettings& settings, const std::vector<std::string>& names,
                             const std::map<std::string, int64_t>& values) {
  const std::string& chosen = settings.model.output;
  if (!chosen.empty()) require_name("model.output", chosen, names);
  if (!chosen.empty() || names.size() == 1) {
    const std::string& name = chosen.empty() ? names.front() : chosen;
    const auto known = values.find(name);
    const ModelOutput output{.values = known == values.end() ? 0 : known->second};
    outputs_.push_back({name, make_postprocess(settings.postprocess, output, settings.output.prefix)});
    schema_ = outputs_[0].postprocess->outputs();
    return;
  }
  if (settings.postprocess.as.value_or(PostprocessKind::kRaw) != PostprocessKind::kRaw)
    throw ConfigError(
        str_format("postprocess.as: the model makes {}; model.output chooses which is meant", join(names)));
  for (const std::string& name : names) {
    outputs_.push_back({name, make_postprocess(settings.postprocess, {}, settings.output.prefix)});
    table::Field field = outputs_.back().postprocess->outputs().front();
    field.name = settings.output.prefix + name;
    schema_.push_back(std::move(field));
  }
}

std::vector<table::Column> TensorOutputs::begin() const {
  std::vector<table::Column> columns;
  for (const Output& output : outputs_)
    std::ranges::move(output.postprocess->begin(), std::back_inserter(columns));
  return columns;
}

void TensorOutputs::append(const std::vector<NamedTensor>& tensors, int64_t rows,
                           const std::string& signature, Scores& scores) const {
  size_t first = 0;
  for (const Output& output : outputs_) {
    const auto found = std::ranges::find(tensors, output.name, &NamedTensor::name);
    if (found == tensors.end())
      throw ConfigError(str_format("model: {} made no {} this time", signature, output.name));
    const size_t count = output.postprocess->outputs().size();
    Scores own;
    for (size_t i = 0; i < count; ++i) own.columns.push_back(std::move(scores.columns[first + i]));
    output.postprocess->append(as_rows(*found, rows, signature), own);
    for (size_t i = 0; i < count; ++i) scores.columns[first + i] = std::move(own.columns[i]);
    scores.problems.merge(own.problems);
    first += count;
  }
}

}  // namespace echelon::predict
