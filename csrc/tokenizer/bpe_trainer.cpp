#include "tokenizer/bpe_trainer.h"

#include <atomic>
#include <exception>
#include <set>
#include <thread>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/pair_merger.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {

BpeTrainer::BpeTrainer(BpeTraining training)
    : training_(std::move(training)), pattern_(make_pattern(training_.pattern)) {
  if (training_.add_prefix_space && training_.pattern != kGpt2Pattern)
    throw DataError(
        "add_prefix_space goes with the pattern of GPT-2 alone: no tokenizer.json could say it of another");
  std::set<std::string_view> seen;
  for (const std::string& token : training_.special_tokens) {
    if (token.empty() || !seen.insert(token).second)
      throw DataError(str_format("special token \"{}\" is empty, or there twice", token));
  }
}

void BpeTrainer::count(std::string_view text, WordCounts& counts) const {
  if (const size_t invalid = first_invalid_utf8(text); invalid != text.size())
    throw DataError(str_format("byte {} is no valid UTF-8", invalid));
  std::string prefixed;
  if (training_.add_prefix_space && !text.empty() && text.front() != ' ')
    text = prefixed.append(" ").append(text);
  size_t done = 0;
  pattern_->find(text, [&](size_t start, size_t end) {
    if (start > done) counts.add(text.substr(done, start - done));
    counts.add(text.substr(start, end - start));
    done = end;
  });
  if (done < text.size()) counts.add(text.substr(done));
}

void BpeTrainer::add(std::span<const std::string_view> texts) {
  const auto threads = static_cast<size_t>(std::max(training_.threads, 1));
  std::vector<WordCounts> counts(threads);
  std::vector<std::exception_ptr> failures(texts.size());
  std::atomic<size_t> next = 0;
  const auto work = [&](WordCounts& own) {
    for (size_t i = next++; i < texts.size(); i = next++) {
      try {
        count(texts[i], own);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (size_t i = 1; i < threads; ++i) helpers.emplace_back([&, i] { work(counts[i]); });
    work(counts[0]);
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!failures[i]) continue;
    try {
      std::rethrow_exception(failures[i]);
    } catch (const DataError& error) {
      throw DataError(str_format("text {}: {}", i, error.what()));
    }
  }
  for (const WordCounts& own : counts) counts_.add_all(own);
}

TrainedBpe BpeTrainer::train() const {
  TrainedBpe trained{.training = training_};
  PairMerger merger(training_.special_tokens, counts_);
  merger.merge_up_to(training_.vocabulary, training_.min_frequency);
  trained.tokens = merger.tokens();
  trained.merges = merger.merges();
  return trained;
}

}  // namespace echelon::tokenizer
