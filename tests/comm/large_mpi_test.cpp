// Tensors of more than 2^31 elements, which do not fit the counts of MPI.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "mpi_world.h"

namespace echelon {
namespace {

using testing::world;

constexpr int64_t kElements = (int64_t{1} << 31) + 17;
constexpr int64_t kPeriod = 251;  // a prime: no piece of the implementation repeats the pattern

/// (i mod 251) scaled, without a second tensor of this size.
void fill(at::Tensor tensor, int factor) {
  uint8_t* data = tensor.data_ptr<uint8_t>();
  for (int64_t i = 0; i < kElements; ++i) data[i] = static_cast<uint8_t>(i % kPeriod * factor);
}

int64_t first_difference(const at::Tensor& tensor, int factor) {
  const uint8_t* data = tensor.data_ptr<uint8_t>();
  for (int64_t i = 0; i < kElements; ++i) {
    if (data[i] != static_cast<uint8_t>(i % kPeriod * factor)) return i;
  }
  return -1;
}

TEST(LargeTensor, IsReducedBroadcastAndSent) {
  const int rank = world().rank(), last = world().size() - 1;
  at::Tensor tensor = at::empty({kElements}, at::kByte);
  fill(tensor, rank + 1);
  world().all_reduce(tensor, Reduce::kSum)->wait();
  EXPECT_EQ(first_difference(tensor, (last + 1) * (last + 2) / 2), -1);
  fill(tensor, rank + 3);
  world().broadcast(tensor, last)->wait();
  EXPECT_EQ(first_difference(tensor, last + 3), -1);
  fill(tensor, rank + 5);
  if (rank == 0) world().send(tensor, last)->wait();
  if (rank == last) world().receive(tensor, 0)->wait();
  EXPECT_EQ(first_difference(tensor, rank == last ? 5 : rank + 5), -1);
}

}  // namespace
}  // namespace echelon
