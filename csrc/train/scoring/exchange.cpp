#include "train/scoring/exchange.h"

#include <ATen/ATen.h>

namespace echelon::train {

void sum_over_ranks(Communicator& comm, std::span<int64_t> numbers, const std::string& what) {
  at::Tensor tensor = at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())}, at::kLong);
  comm.all_reduce(tensor, Reduce::kSum, what)->wait();
}

void sum_over_ranks(Communicator& comm, std::span<metrics::ExactSum> sums, const std::string& what) {
  for (metrics::ExactSum& sum : sums) sum_over_ranks(comm, sum.digits(), what);
}

}  // namespace echelon::train
