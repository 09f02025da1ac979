#include "generate/writing.h"

#include <ATen/ATen.h>

#include <atomic>
#include <numeric>
#include <utility>

#include "common/error.h"

namespace echelon::generate {
namespace {

std::atomic<int64_t> sessions{0};

}  // namespace

Writing::Writing(const LanguageModel& model, const nn::DecodingState::Shape& shape)
    : model_(model),
      pass_{.session = ++sessions, .shape = shape},
      lengths_(static_cast<size_t>(shape.sequences), 0) {}

Writing::~Writing() {
  try {
    model_.ask({.kind = Pass::Kind::kEnd, .session = pass_.session}, {});
  } catch (const CommError&) {  // then the ranks that keep something end as well
  }
}

at::Tensor Writing::begin(std::span<const int64_t> places, std::span<const Ids> tokens,
                          std::span<const Ids> sources) {
  for (const int64_t place : places) lengths_[static_cast<size_t>(place)] = 0;
  nn::Activations inputs = model_.inputs_of(sources, tokens);
  const int64_t time = inputs.at("tokens").size(1);
  std::vector<int64_t> last;
  for (const Ids& own : tokens) last.push_back(std::ssize(last) * time + std::ssize(own) - 1);
  const at::Tensor logits = logits_after(Pass::Kind::kBegin, places, std::move(inputs), last);
  for (size_t i = 0; i < places.size(); ++i) lengths_[static_cast<size_t>(places[i])] = std::ssize(tokens[i]);
  return logits;
}

at::Tensor Writing::append(std::span<const int64_t> places, std::span<const uint32_t> tokens) {
  std::vector<int64_t> all(places.size());
  std::iota(all.begin(), all.end(), 0);
  const at::Tensor logits = logits_after(Pass::Kind::kContinue, places, model_.inputs_of(tokens), all);
  for (const int64_t place : places) ++lengths_[static_cast<size_t>(place)];
  return logits;
}

at::Tensor Writing::logits_after(Pass::Kind kind, std::span<const int64_t> places, nn::Activations inputs,
                                 const std::vector<int64_t>& picked) {
  pass_.kind = kind;
  pass_.rows.assign(places.begin(), places.end());
  pass_.lengths.clear();
  for (const int64_t place : places) pass_.lengths.push_back(lengths_[static_cast<size_t>(place)]);
  inputs[kPicked] = at::tensor(picked, at::kLong);
  return model_.ask(pass_, std::move(inputs)).at(kLogits).cpu().contiguous();
}

}  // namespace echelon::generate
