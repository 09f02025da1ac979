#include "generate/likelihood.h"

#include <ATen/ATen.h>

namespace echelon::generate {

std::vector<Likelihood> likelihoods(const LanguageModel& model, std::span<const GivenText> texts,
                                    uint32_t start) {
  if (texts.empty()) return {};
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
  const at::Tensor all = model.log_probabilities(sources, read, predicted);
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
