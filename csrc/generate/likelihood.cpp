#include "generate/likelihood.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace echelon::generate {
namespace {

constexpr int64_t kLogitsAtOnce = int64_t{1} << 24;

/// float64 [rows]: log softmax(logits of hidden [rows, width])[targets], some rows at a time.
at::Tensor log_probabilities(const LanguageModel& model, const at::Tensor& hidden,
                             const at::Tensor& targets) {
  const int64_t at_once = std::max<int64_t>(1, kLogitsAtOnce / model.vocabulary());
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < hidden.size(0); first += at_once) {
    const int64_t rows = std::min(at_once, hidden.size(0) - first);
    const at::Tensor logits = model.logits(hidden.narrow(0, first, rows));
    const at::Tensor chosen = logits.gather(1, targets.narrow(0, first, rows).unsqueeze(1)).squeeze(1);
    parts.push_back(chosen.to(at::kDouble) - logits.logsumexp(1).to(at::kDouble));
  }
  return at::cat(parts);
}

}  // namespace

std::vector<Likelihood> likelihoods(const LanguageModel& model, std::span<const GivenText> texts,
                                    uint32_t start) {
  if (texts.empty()) return {};
  const c10::InferenceMode no_gradients;
  std::vector<Ids> sources, read, predicted;
  for (const GivenText& text : texts) {
    Ids& before = read.emplace_back(text.tokens.begin(), text.tokens.end() - 1);
    Ids& after = predicted.emplace_back(text.tokens);
    sources.push_back(text.source);
    if (model.reads_source()) {
      before.insert(before.begin(), start);
    } else {
      after.erase(after.begin());
    }
  }
  const nn::Activations source = model.reads_source() ? model.read(sources) : nn::Activations();
  const at::Tensor hidden = model.hidden(padded(read), source);
  std::vector<at::Tensor> counted, targets;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto row = static_cast<int64_t>(i), count = static_cast<int64_t>(predicted[i].size());
    counted.push_back(hidden[row].narrow(0, 0, count));
    targets.push_back(padded({&predicted[i], 1})[0]);
  }
  const at::Tensor all = log_probabilities(model, at::cat(counted), at::cat(targets));
  std::vector<Likelihood> found;
  int64_t first = 0;
  for (const Ids& tokens : predicted) {
    const auto count = static_cast<int64_t>(tokens.size());
    found.push_back({all.narrow(0, first, count).sum().item<double>(), count});
    first += count;
  }
  return found;
}

}  // namespace echelon::generate
