#include "generate/language_stage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::generate {
namespace {

constexpr int64_t kLogitsAtOnce = int64_t{1} << 24;

size_t place_of(const nn::ModelSpec& spec, std::string_view layer) {
  const auto found = std::ranges::find(spec.layers, layer, &nn::LayerSpec::name);
  if (found == spec.layers.end())
    throw InternalError(str_format("a {} that writes has no layer '{}'", spec.family, layer));
  return static_cast<size_t>(found - spec.layers.begin());
}

/// The parts of a model, and what of them a rank has.
class Parts {
 public:
  Parts(nn::LayeredModel& model, const std::vector<nn::LayerRange>& all) : model_(model), all_(all) {}

  bool has_encoder() const { return all_.size() == 3; }
  /// Whether hidden states are done behind this rank's layers, which make them.
  bool ends_hidden() const { return ends(hidden()); }
  bool ends_head() const { return ends(head()); }

  nn::Activations encode(nn::Activations live) const { return model_.forward(0, std::move(live), {}); }
  nn::Activations make_hidden(nn::Activations live, nn::DecodingState* decoding) const {
    return model_.forward(hidden(), std::move(live), {.decoding = decoding});
  }
  nn::Activations make_logits(nn::Activations live) const {
    return model_.forward(head(), std::move(live), {});
  }

 private:
  size_t hidden() const { return all_.size() - 2; }
  size_t head() const { return all_.size() - 1; }
  bool ends(size_t part) const {
    const auto [first, last] = model_.parts()[part];
    return first < last && last == all_[part].last;
  }

  nn::LayeredModel& model_;
  const std::vector<nn::LayerRange>& all_;
};

at::Tensor logits_of(const Parts& parts, const at::Tensor& hidden) {
  const at::Tensor logits = parts.make_logits({{"x", hidden}}).at("logits");
  return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
}

/// float64 [rows]: log softmax(logits of hidden [rows, width])[targets], some rows at a time.
at::Tensor log_probabilities_of(const Parts& parts, int64_t vocabulary, const at::Tensor& hidden,
                                const at::Tensor& targets) {
  const int64_t at_once = std::max<int64_t>(1, kLogitsAtOnce / vocabulary);
  std::vector<at::Tensor> made;
  for (int64_t first = 0; first < hidden.size(0); first += at_once) {
    const int64_t rows = std::min(at_once, hidden.size(0) - first);
    const at::Tensor logits = logits_of(parts, hidden.narrow(0, first, rows));
    const at::Tensor chosen = logits.gather(1, targets.narrow(0, first, rows).unsqueeze(1)).squeeze(1);
    made.push_back(chosen.to(at::kDouble) - logits.logsumexp(1).to(at::kDouble));
  }
  return at::cat(made);
}

}  // namespace

at::Tensor to_tensor(const Pass& pass) {
  std::vector<int64_t> values{static_cast<int64_t>(pass.kind), pass.session, pass.shape.sequences,
                              pass.shape.capacity, pass.shape.source_capacity};
  values.insert(values.end(), pass.rows.begin(), pass.rows.end());
  values.insert(values.end(), pass.lengths.begin(), pass.lengths.end());
  return at::tensor(values, at::kLong);
}

Pass pass_of(const at::Tensor& tensor) {
  const std::span values(tensor.const_data_ptr<int64_t>(), static_cast<size_t>(tensor.numel()));
  Pass pass{.kind = static_cast<Pass::Kind>(values[0]),
            .session = values[1],
            .shape = {.sequences = values[2], .capacity = values[3], .source_capacity = values[4]}};
  const std::span of_rows = values.subspan(5);
  const auto middle = of_rows.begin() + std::ssize(of_rows) / 2;
  pass.rows.assign(of_rows.begin(), middle);
  pass.lengths.assign(middle, of_rows.end());
  return pass;
}

std::vector<nn::LayerRange> parts_of(const nn::ModelSpec& spec) {
  const size_t first = place_of(spec, "embedding"), head = place_of(spec, "norm"), end = spec.layers.size();
  std::vector<nn::LayerRange> parts{{first, head}, {head, end}};
  if (first > 0) parts.insert(parts.begin(), {0, first});
  return parts;
}

std::shared_ptr<nn::DecodingState> LanguageStage::state_of(const Pass& pass) {
  if (pass.kind == Pass::Kind::kWhole) return nullptr;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<nn::DecodingState>& state = sessions_[pass.session];
  if (!state) state = std::make_shared<nn::DecodingState>(pass.shape);
  state->set_rows(pass.rows, pass.lengths);
  return state;
}

nn::Activations LanguageStage::run(nn::LayeredModel& model, nn::Activations inputs) {
  const Pass pass = pass_of(inputs.at(kPass));
  if (pass.kind == Pass::Kind::kEnd) {
    const std::lock_guard lock(mutex_);
    sessions_.erase(pass.session);
    return inputs;
  }
  for (auto& [name, tensor] : inputs)
    if (name != kPass && tensor.defined()) tensor = tensor.to(device_);
  const Parts parts(model, parts_);
  nn::Activations live = std::move(inputs);
  if (parts.has_encoder() && pass.kind != Pass::Kind::kContinue) live = parts.encode(std::move(live));
  live = parts.make_hidden(std::move(live), state_of(pass).get());
  if (parts.ends_hidden()) {
    at::Tensor& hidden = live.at("x");
    hidden = hidden.flatten(0, 1).index_select(0, live.at(kPicked));
    live.erase(kPicked);
  }
  if (!parts.ends_head()) return parts.make_logits(std::move(live));
  const auto targets = live.find(kTargets);
  if (targets == live.end()) return {{kLogits, logits_of(parts, live.at("x"))}};
  return {{kLogProbabilities, log_probabilities_of(parts, vocabulary_, live.at("x"), targets->second)}};
}

}  // namespace echelon::generate
