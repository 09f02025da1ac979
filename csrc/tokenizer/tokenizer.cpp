#include "tokenizer/tokenizer.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

namespace echelon::tokenizer {

std::vector<std::vector<uint32_t>> Tokenizer::encode_batch(std::span<const std::string_view> texts,
                                                           int threads, bool add_special_tokens) const {
  std::vector<std::vector<uint32_t>> ids(texts.size());
  std::vector<std::exception_ptr> failures(texts.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < texts.size(); i = next++) {
      try {
        ids[i] = encode(texts[i], add_special_tokens);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    const size_t wanted = std::min<size_t>(static_cast<size_t>(std::max(threads, 1)), texts.size());
    for (size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return ids;
}

}  // namespace echelon::tokenizer
