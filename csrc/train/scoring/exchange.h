// Small things that the ranks of an evaluation tell each other.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "comm/text_exchange.h"
#include "metrics/exact_sum.h"

namespace echelon::train {

/// Adds up in place, over all ranks. Collective.
void sum_over_ranks(Communicator& comm, std::span<int64_t> numbers, const std::string& what);
void sum_over_ranks(Communicator& comm, std::span<metrics::ExactSum> sums, const std::string& what);

/// The values of all ranks, in rank order, on every rank. Collective.
template <class Value>
std::vector<Value> gather_values(Communicator& comm, const std::vector<Value>& own, const std::string& what) {
  static_assert(std::is_trivially_copyable_v<Value>);
  const std::string bytes(reinterpret_cast<const char*>(own.data()), own.size() * sizeof(Value));
  std::vector<Value> all;
  for (const std::string& part : gather_texts(comm, bytes, what)) {
    const size_t before = all.size();
    all.resize(before + part.size() / sizeof(Value));
    std::memcpy(all.data() + before, part.data(), part.size());
  }
  return all;
}

}  // namespace echelon::train
