#include "generate/generator.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "common/random.h"

namespace echelon::generate {
namespace {

uint64_t key_of(uint64_t seed, const Ids& prompt) {
  return derive_key(seed, std::string_view(reinterpret_cast<const char*>(prompt.data()),
                                           prompt.size() * sizeof(Ids::value_type)));
}

bool ends_with(const Ids& tokens, const Ids& end) {
  return tokens.size() >= end.size() && std::equal(end.rbegin(), end.rend(), tokens.rbegin());
}

/// Prompts that are continued together.
class Batch {
 public:
  Batch(const LanguageModel& model, std::span<const Ids> prompts, const GenerationOptions& options)
      : model_(model),
        options_(options),
        sampler_(options.sampling),
        given_(model.reads_source() ? std::vector<Ids>(prompts.size(), Ids{options.start})
                                    : std::vector<Ids>(prompts.begin(), prompts.end())),
        decoding_(static_cast<int64_t>(prompts.size()), capacity(prompts)),
        open_(prompts.size()),
        made_(prompts.size()) {
    if (model.reads_source()) source_ = model.read(prompts);
    for (const Ids& prompt : prompts) {
      keys_.push_back(key_of(options.seed, prompt));
      rooms_.push_back(room_after(model, prompt.size(), options));
    }
    std::iota(open_.begin(), open_.end(), 0);
  }

  std::vector<Continuation> run() {
    at::Tensor logits = logits_of_given();
    for (int64_t step = 0;; ++step) {
      take(logits, step);
      if (open_.empty()) return std::move(made_);
      logits = logits_of_last(step);
    }
  }

 private:
  /// Of what is fed: the last token that is written is not.
  int64_t capacity(std::span<const Ids> prompts) const {
    int64_t most = 0;
    for (size_t i = 0; i < prompts.size(); ++i)
      most = std::max(
          most, static_cast<int64_t>(given_[i].size()) + room_after(model_, prompts[i].size(), options_) - 1);
    return most;
  }

  at::Tensor logits_of_given() {
    decoding_.set_rows(open_, std::vector<int64_t>(open_.size(), 0));
    const at::Tensor hidden = model_.hidden(padded(given_), source_, &decoding_);
    std::vector<at::Tensor> last;
    for (size_t i = 0; i < given_.size(); ++i)
      last.push_back(
          hidden.select(0, static_cast<int64_t>(i)).select(0, static_cast<int64_t>(given_[i].size()) - 1));
    return model_.logits(at::stack(last));
  }

  at::Tensor logits_of_last(int64_t step) {
    std::vector<int64_t> lengths;
    std::vector<Ids> tokens;
    for (const int64_t row : open_) {
      const auto i = static_cast<size_t>(row);
      lengths.push_back(static_cast<int64_t>(given_[i].size()) + step);
      tokens.push_back({made_[i].tokens.back()});
    }
    decoding_.set_rows(open_, lengths);
    return model_.logits(model_.hidden(padded(tokens), source_, &decoding_).select(1, 0));
  }

  /// A token each of the rows that are open, of which those that end with it are no longer.
  void take(const at::Tensor& logits, int64_t step) {
    const at::Tensor rows = logits.contiguous();
    std::vector<int64_t> still_open;
    for (size_t i = 0; i < open_.size(); ++i) {
      const int64_t row = open_[i];
      if (!ends(row, draw(rows[static_cast<int64_t>(i)], row, step))) still_open.push_back(row);
    }
    open_ = std::move(still_open);
  }

  std::optional<uint32_t> draw(const at::Tensor& logits, int64_t row, int64_t step) {
    const double uniform =
        RandomStream(derive_key(keys_[static_cast<size_t>(row)], static_cast<uint64_t>(step))).uniform();
    const auto vocabulary = static_cast<size_t>(options_.vocabulary);
    if (logits.scalar_type() == at::kDouble)
      return sampler_.next(std::span(logits.const_data_ptr<double>(), vocabulary), uniform);
    return sampler_.next(std::span(logits.const_data_ptr<float>(), vocabulary), uniform);
  }

  bool ends(int64_t row, std::optional<uint32_t> token) {
    Continuation& made = made_[static_cast<size_t>(row)];
    if (!token) {
      made.finite = false;
      return true;
    }
    made.tokens.push_back(*token);
    for (const Ids& stop : options_.stops) {
      if (!ends_with(made.tokens, stop)) continue;
      made.tokens.resize(made.tokens.size() - stop.size());
      made.reason = FinishReason::kStop;
      return true;
    }
    return static_cast<int64_t>(made.tokens.size()) == rooms_[static_cast<size_t>(row)];
  }

  const LanguageModel& model_;
  const GenerationOptions& options_;
  Sampler sampler_;
  std::vector<Ids> given_;  ///< what each begins with
  nn::Activations source_;
  nn::DecodingState decoding_;
  std::vector<int64_t> open_;  ///< rows that are still being written, ascending
  std::vector<uint64_t> keys_;
  std::vector<int64_t> rooms_;
  std::vector<Continuation> made_;
};

}  // namespace

int64_t room_after(const LanguageModel& model, size_t prompt_tokens, const GenerationOptions& options) {
  const auto taken = model.reads_source() ? 0 : static_cast<int64_t>(prompt_tokens);
  return std::min(options.max_new_tokens, model.context() - taken);
}

std::vector<Continuation> continue_prompts(const LanguageModel& model, std::span<const Ids> prompts,
                                           const GenerationOptions& options) {
  const c10::InferenceMode no_gradients;
  return prompts.empty() ? std::vector<Continuation>() : Batch(model, prompts, options).run();
}

}  // namespace echelon::generate
