#include "generate/language_model.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

namespace echelon::generate {

at::Tensor padded(std::span<const Ids> rows) {
  size_t longest = 0;
  for (const Ids& row : rows) longest = std::max(longest, row.size());
  const at::Tensor tokens =
      at::zeros({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, at::kLong);
  auto* to = tokens.mutable_data_ptr<int64_t>();
  for (const Ids& row : rows) {
    std::ranges::copy(row, to);
    to += longest;
  }
  return tokens;
}

bool writes(const models::ModelSettings& settings) {
  const auto* gpt = std::get_if<models::GptSettings>(&settings);
  return gpt != nullptr ? gpt->causal : std::holds_alternative<models::EncoderDecoderSettings>(settings);
}

LanguageModel::LanguageModel(Ask ask, const models::ModelSettings& settings) : ask_(std::move(ask)) {
  const models::ModelInterface interface = models::interface_of(settings);
  context_ = interface.input_shape.front();
  vocabulary_ = interface.output_limit;
  reads_source_ = interface.source;
  has_documents_ = interface.document_starts;
}

nn::Activations LanguageModel::inputs_of(std::span<const Ids> sources, std::span<const Ids> tokens) const {
  nn::Activations inputs{{"tokens", padded(tokens)}};
  if (has_documents_) inputs["document_starts"] = at::zeros_like(inputs.at("tokens"));
  if (!reads_source_) return inputs;
  const at::Tensor source = padded(sources);
  at::Tensor starts = at::arange(source.size(1), at::kLong).expand(source.sizes()).contiguous();
  for (size_t i = 0; i < sources.size(); ++i)  // what is left is padding, each a document of its own
    starts[static_cast<int64_t>(i)].narrow(0, 0, static_cast<int64_t>(sources[i].size())).zero_();
  inputs.insert({{"source", source}, {"source_starts", starts}});
  return inputs;
}

nn::Activations LanguageModel::inputs_of(std::span<const uint32_t> tokens) const {
  const at::Tensor column = at::empty({std::ssize(tokens), 1}, at::kLong);
  std::ranges::copy(tokens, column.mutable_data_ptr<int64_t>());
  nn::Activations inputs{{"tokens", column}};
  if (has_documents_) inputs["document_starts"] = at::zeros_like(column);
  if (reads_source_) inputs.insert({{"memory", {}}, {"source_starts", {}}});
  return inputs;
}

nn::Activations LanguageModel::ask(const Pass& pass, nn::Activations inputs) const {
  inputs[kPass] = to_tensor(pass);
  return ask_(std::move(inputs));
}

at::Tensor LanguageModel::log_probabilities(std::span<const Ids> sources, std::span<const Ids> tokens,
                                            std::span<const Ids> targets) const {
  nn::Activations inputs = inputs_of(sources, tokens);
  const int64_t time = inputs.at("tokens").size(1);
  std::vector<int64_t> picked, wanted;
  for (size_t i = 0; i < targets.size(); ++i) {
    for (size_t t = 0; t < targets[i].size(); ++t)
      picked.push_back(static_cast<int64_t>(i) * time + static_cast<int64_t>(t));
    wanted.insert(wanted.end(), targets[i].begin(), targets[i].end());
  }
  inputs[kPicked] = at::tensor(picked, at::kLong);
  inputs[kTargets] = at::tensor(wanted, at::kLong);
  return ask({.kind = Pass::Kind::kWhole}, std::move(inputs)).at(kLogProbabilities).cpu();
}

}  // namespace echelon::generate
