#include "generate/language_model.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::generate {
namespace {

size_t place_of(const nn::ModelSpec& spec, std::string_view layer) {
  const auto found = std::ranges::find(spec.layers, layer, &nn::LayerSpec::name);
  if (found == spec.layers.end())
    throw InternalError(str_format("a {} that writes has no layer '{}'", spec.family, layer));
  return static_cast<size_t>(found - spec.layers.begin());
}

}  // namespace

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

std::vector<nn::LayerRange> parts_of(const nn::ModelSpec& spec) {
  const size_t first = place_of(spec, "embedding"), head = place_of(spec, "norm"), end = spec.layers.size();
  std::vector<nn::LayerRange> parts{{first, head}, {head, end}};
  if (first > 0) parts.insert(parts.begin(), {0, first});
  return parts;
}

LanguageModel::LanguageModel(std::shared_ptr<nn::LayeredModel> model, const models::ModelSettings& settings)
    : model_(std::move(model)) {
  const models::ModelInterface interface = models::interface_of(settings);
  context_ = interface.input_shape.front();
  vocabulary_ = interface.output_limit;
  reads_source_ = interface.source;
  has_documents_ = interface.document_starts;
}

nn::Activations LanguageModel::read(std::span<const Ids> sources) const {
  const at::Tensor tokens = padded(sources);
  at::Tensor starts = at::arange(tokens.size(1), at::kLong).expand(tokens.sizes()).contiguous();
  for (size_t i = 0; i < sources.size(); ++i)  // what is left is padding, each a document of its own
    starts[static_cast<int64_t>(i)].narrow(0, 0, static_cast<int64_t>(sources[i].size())).zero_();
  return model_->forward(0, {{"source", tokens}, {"source_starts", starts}}, {});
}

at::Tensor LanguageModel::hidden(const at::Tensor& tokens, const nn::Activations& source,
                                 nn::DecodingState* decoding) const {
  nn::Activations inputs = source;
  inputs["tokens"] = tokens;
  if (has_documents_) inputs["document_starts"] = at::zeros_like(tokens);
  const size_t part = reads_source_ ? 1 : 0;
  return model_->forward(part, std::move(inputs), {.decoding = decoding}).at("x");
}

at::Tensor LanguageModel::logits(const at::Tensor& hidden) const {
  const size_t part = reads_source_ ? 2 : 1;
  const at::Tensor logits = model_->forward(part, {{"x", hidden}}, {}).at("logits");
  return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
}

}  // namespace echelon::generate
