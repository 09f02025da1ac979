#include "generate/generator.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/random.h"
#include "generate/writing.h"

namespace echelon::generate {
namespace {

uint64_t key_of(uint64_t seed, const Ids& prompt) {
  return derive_key(seed, std::string_view(reinterpret_cast<const char*>(prompt.data()),
                                           prompt.size() * sizeof(Ids::value_type)));
}

bool ends_with(const Ids& tokens, const Ids& end) {
  return tokens.size() >= end.size() && std::equal(end.rbegin(), end.rend(), tokens.rbegin());
}

/// Prompts that are continued, some at a time.
class Batch {
 public:
  Batch(const LanguageModel& model, std::span<const Ids> prompts, const GenerationOptions& options,
        int64_t places)
      : model_(model),
        prompts_(prompts),
        options_(options),
        sampler_(options.sampling),
        writing_(model, shape_of(places)),
        made_(prompts.size()) {
    for (int64_t place = places; place-- > 0;) free_.push_back(place);
  }

  std::vector<Continuation> run() {
    while (true) {
      if (next_ < prompts_.size() && is_worth_beginning()) {
        begin();
      } else if (!open_.empty()) {
        append();
      } else {
        return std::move(made_);
      }
    }
  }

 private:
  /// A text that is being written.
  struct Open {
    int64_t place;
    size_t prompt;
    uint64_t key;  ///< of what is drawn
  };

  nn::DecodingState::Shape shape_of(int64_t places) const {
    nn::DecodingState::Shape shape{.sequences = places, .capacity = 0, .source_capacity = 0};
    for (const Ids& prompt : prompts_) {
      const int64_t written = room_after(model_, prompt.size(), options_);
      const int64_t given = model_.reads_source() ? 1 : std::ssize(prompt);
      shape.capacity = std::max(shape.capacity, given + written - 1);  // the last that is written is not fed
      if (model_.reads_source()) shape.source_capacity = std::max(shape.source_capacity, std::ssize(prompt));
    }
    return shape;
  }

  /// A pass of first tokens keeps the open texts waiting: some prompts share one.
  bool is_worth_beginning() const { return open_.empty() || 4 * free_.size() >= free_.size() + open_.size(); }

  void begin() {
    std::vector<Open> begun;
    std::vector<int64_t> places;
    std::vector<Ids> tokens, sources;
    for (; next_ < prompts_.size() && !free_.empty(); ++next_) {
      const Ids& prompt = prompts_[next_];
      begun.push_back({.place = free_.back(), .prompt = next_, .key = key_of(options_.seed, prompt)});
      places.push_back(free_.back());
      free_.pop_back();
      tokens.push_back(model_.reads_source() ? Ids{options_.start} : prompt);
      if (model_.reads_source()) sources.push_back(prompt);
    }
    take(writing_.begin(places, tokens, sources), begun);
  }

  void append() {
    std::vector<int64_t> places;
    std::vector<uint32_t> tokens;
    for (const Open& text : open_) {
      places.push_back(text.place);
      tokens.push_back(made_[text.prompt].tokens.back());
    }
    const at::Tensor logits = writing_.append(places, tokens);
    take(logits, std::exchange(open_, {}));
  }

  /// A token of each of `texts`; those that it does not end are open.
  void take(const at::Tensor& logits, const std::vector<Open>& texts) {
    for (size_t i = 0; i < texts.size(); ++i) {
      if (ends(texts[i].prompt, draw(logits[static_cast<int64_t>(i)], texts[i]))) {
        free_.push_back(texts[i].place);
      } else {
        open_.push_back(texts[i]);
      }
    }
  }

  std::optional<uint32_t> draw(const at::Tensor& logits, const Open& text) {
    const double uniform = RandomStream(derive_key(text.key, made_[text.prompt].tokens.size())).uniform();
    const auto vocabulary = static_cast<size_t>(options_.vocabulary);
    if (logits.scalar_type() == at::kDouble)
      return sampler_.next(std::span(logits.const_data_ptr<double>(), vocabulary), uniform);
    return sampler_.next(std::span(logits.const_data_ptr<float>(), vocabulary), uniform);
  }

  bool ends(size_t prompt, std::optional<uint32_t> token) {
    Continuation& made = made_[prompt];
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
    return std::ssize(made.tokens) == room_after(model_, prompts_[prompt].size(), options_);
  }

  const LanguageModel& model_;
  std::span<const Ids> prompts_;
  const GenerationOptions& options_;
  Sampler sampler_;
  Writing writing_;
  std::vector<int64_t> free_;  ///< places
  std::vector<Open> open_;
  size_t next_ = 0;  ///< of the prompts, to begin
  std::vector<Continuation> made_;
};

}  // namespace

int64_t room_after(const LanguageModel& model, size_t prompt_tokens, const GenerationOptions& options) {
  const auto taken = model.reads_source() ? 0 : static_cast<int64_t>(prompt_tokens);
  return std::min(options.max_new_tokens, model.context() - taken);
}

std::vector<Continuation> continue_prompts(const LanguageModel& model, std::span<const Ids> prompts,
                                           const GenerationOptions& options, int64_t places) {
  if (prompts.empty()) return {};
  return Batch(model, prompts, options, std::min(places, std::ssize(prompts))).run();
}

}  // namespace echelon::generate
