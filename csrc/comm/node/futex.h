// Sleeping on a word of memory that threads or processes share (futex(2)).
#pragma once

#include <atomic>
#include <cstdint>

namespace echelon {

/// Sleeps while `word` is `expected`, for at most `seconds`. May return early.
void futex_wait(std::atomic<uint32_t>& word, uint32_t expected, double seconds);
void futex_wake_all(std::atomic<uint32_t>& word);

}  // namespace echelon
