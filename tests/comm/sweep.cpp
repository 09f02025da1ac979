#include "comm/sweep.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "comm/node/slot.h"
#include "comm/reduction.h"
#include "common/format.h"

namespace echelon::testing {
namespace {

double element(int rank, int64_t i, at::ScalarType type) {
  const uint32_t mixed =
      (static_cast<uint32_t>(i) * 2654435761U + static_cast<uint32_t>(rank) * 2246822519U) >> 15;
  if (type == at::kBool) return mixed % 2;
  if (type == at::kByte) return mixed % 17;
  return static_cast<double>(mixed % 17) - 8;
}

/// A mean is rounded once: by half a unit in the last place of at most 8.
double tolerance(at::ScalarType type, Reduce op) {
  if (op != Reduce::kMean) return 0;
  if (type == at::kBFloat16) return 8 * 0x1p-9;
  if (type == at::kHalf) return 8 * 0x1p-12;
  return type == at::kFloat ? 8 * 0x1p-24 : 8 * 0x1p-53;
}

void expect_equal(const at::Tensor& actual, const at::Tensor& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(actual.numel(), expected.numel()) << what;
  if (actual.numel() == 0) return;
  const at::Tensor difference = (actual.to(at::kDouble) - expected).abs();
  const double largest = difference.max().item<double>();
  EXPECT_LE(largest, tolerance) << what << ", at element " << difference.argmax().item<int64_t>();
}

std::string describe(const char* operation, Communicator& comm, const std::vector<at::Tensor>& inputs) {
  return str_format("{} of {} {}, rank {} of {}", operation, inputs[0].numel(),
                    element_name(inputs[0].scalar_type()), comm.rank(), comm.size());
}

/// The reduction in float64, by LibTorch.
at::Tensor reduced(const std::vector<at::Tensor>& inputs, Reduce op) {
  const at::Tensor all = at::stack(inputs).to(at::kDouble);
  switch (op) {
    case Reduce::kSum:
      return inputs[0].scalar_type() == at::kBool ? all.amax(0) : all.sum(0);
    case Reduce::kMean:
      return all.mean(0);
    case Reduce::kMin:
      return all.amin(0);
    case Reduce::kMax:
      return all.amax(0);
  }
  return {};
}

std::vector<Reduce> reductions_of(at::ScalarType type) {
  std::vector<Reduce> reductions = {Reduce::kSum, Reduce::kMin, Reduce::kMax};
  if (at::isFloatingType(type)) reductions.push_back(Reduce::kMean);
  return reductions;
}

}  // namespace

const std::vector<at::ScalarType>& element_types() {
  static const std::vector<at::ScalarType> types = {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16,
                                                    at::kInt,   at::kLong,   at::kByte, at::kBool};
  return types;
}

std::vector<int64_t> sizes_to_sweep(at::ScalarType type, int ranks) {
  const auto buffer = static_cast<int64_t>(kBufferBytes / c10::elementSize(type));
  if (type != at::kFloat) return {0, 1, 1000, buffer / ranks, 2 * buffer + 13};
  return {0, 1, 7, 1000, buffer / ranks, buffer - 1, buffer, buffer + 1, (kBuffers + 1) * buffer + 13};
}

std::vector<at::Tensor> contributions(int ranks, int64_t elements, at::ScalarType type) {
  std::vector<at::Tensor> inputs;
  for (int rank = 0; rank < ranks; ++rank) {
    at::Tensor values = at::empty({elements}, at::kDouble);
    for (int64_t i = 0; i < elements; ++i) values.data_ptr<double>()[i] = element(rank, i, type);
    inputs.push_back(values.to(type));
  }
  return inputs;
}

void check_all_reduce(Communicator& comm, const std::vector<at::Tensor>& inputs, Reduce op,
                      at::Tensor memory) {
  const at::Tensor& own = inputs[comm.rank()];
  at::Tensor tensor = memory.defined() ? memory.copy_(own) : own.clone();
  comm.all_reduce(tensor, op)->wait();
  expect_equal(tensor, reduced(inputs, op), tolerance(own.scalar_type(), op),
               describe("all_reduce", comm, inputs));
}

void check_reduce_scatter(Communicator& comm, const std::vector<at::Tensor>& inputs, Reduce op) {
  const at::ScalarType type = inputs[0].scalar_type();
  const int64_t part = inputs[0].numel() / comm.size();
  at::Tensor input = inputs[comm.rank()].narrow(0, 0, part * comm.size()).clone();
  const at::Tensor expected = reduced(inputs, op).narrow(0, part * comm.rank(), part);
  at::Tensor output = at::empty({part}, type);
  comm.reduce_scatter(output, input, op)->wait();
  expect_equal(output, expected, tolerance(type, op), describe("reduce_scatter", comm, inputs));
  at::Tensor place = input.narrow(0, part * comm.rank(), part);
  comm.reduce_scatter(place, input, op)->wait();
  expect_equal(place, expected, tolerance(type, op), describe("reduce_scatter into the input", comm, inputs));
}

void check_all_gather(Communicator& comm, const std::vector<at::Tensor>& inputs) {
  const at::Tensor& own = inputs[comm.rank()];
  const at::Tensor expected = at::cat(inputs).to(at::kDouble);
  at::Tensor output = at::zeros(expected.sizes(), own.options());
  comm.all_gather(output, own)->wait();
  expect_equal(output, expected, 0, describe("all_gather", comm, inputs));
  output.zero_();
  at::Tensor part = output.narrow(0, own.numel() * comm.rank(), own.numel());
  part.copy_(own);
  comm.all_gather(output, part)->wait();
  expect_equal(output, expected, 0, describe("all_gather from the output", comm, inputs));
}

void check_broadcast(Communicator& comm, const std::vector<at::Tensor>& inputs) {
  for (int root = 0; root < comm.size(); ++root) {
    at::Tensor tensor = inputs[comm.rank()].clone();
    comm.broadcast(tensor, root)->wait();
    expect_equal(tensor, inputs[root].to(at::kDouble), 0, describe("broadcast", comm, inputs));
  }
}

void sweep_collectives(Communicator& comm, at::ScalarType type) {
  for (const int64_t elements : sizes_to_sweep(type, comm.size())) {
    const std::vector<at::Tensor> inputs = contributions(comm.size(), elements, type);
    for (const Reduce op : reductions_of(type)) {
      check_all_reduce(comm, inputs, op);
      check_reduce_scatter(comm, inputs, op);
    }
    check_all_gather(comm, inputs);
    check_broadcast(comm, inputs);
  }
}

void check_same_bits(Communicator& comm) {
  constexpr int64_t kElements = 100003;
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}) {
    at::Tensor tensor = (at::arange(kElements, at::kDouble) / (comm.rank() + 3.7)).remainder(7).to(type);
    comm.all_reduce(tensor, Reduce::kMean)->wait();
    at::Tensor of_root = tensor.clone();
    comm.broadcast(of_root, 0)->wait();
    EXPECT_TRUE(at::equal(tensor, of_root)) << element_name(type) << " on rank " << comm.rank();
  }
}

void check_asynchronous(Communicator& comm) {
  constexpr int kOperations = 20;
  std::vector<at::Tensor> tensors;
  std::vector<Work> works;
  for (int i = 0; i < kOperations; ++i) {
    tensors.push_back(at::full({1000 * (i % 5) + 1}, static_cast<double>(comm.rank() + i), at::kFloat));
    if (i % 2 == 0)
      works.push_back(comm.all_reduce(tensors.back(), Reduce::kSum, "sum"));
    else
      works.push_back(comm.broadcast(tensors.back(), i % comm.size(), "copy"));
  }
  for (int i = kOperations - 1; i >= 0; --i) {
    works[i]->wait();
    EXPECT_TRUE(works[i]->done());
    const int n = comm.size();
    const double sum = n * (n - 1) / 2.0 + n * i;
    const double expected = i % 2 == 0 ? sum : i % n + i;
    EXPECT_TRUE((tensors[i] == expected).all().item<bool>()) << "operation " << i;
  }
}

void check_messages(Communicator& comm) {
  const std::vector<int64_t> sizes = {2 * kMailboxBytes / sizeof(int) + 1, 5, 0};  // the first in three parts
  const auto content = [&](int from, int to, int tag) {
    return at::full({sizes[tag]}, from * 100 + to * 10 + tag, at::kInt) + at::arange(sizes[tag], at::kInt);
  };
  std::vector<Work> works;
  std::vector<at::Tensor> sent;
  for (int to = 0; to < comm.size(); ++to) {
    for (int tag = 0; to != comm.rank() && tag < static_cast<int>(sizes.size()); ++tag) {
      sent.push_back(content(comm.rank(), to, tag));
      works.push_back(comm.send(sent.back(), to, tag));
    }
  }
  for (int from = comm.size() - 1; from >= 0; --from) {
    for (int tag = static_cast<int>(sizes.size()) - 1; from != comm.rank() && tag >= 0; --tag) {
      at::Tensor received = at::empty({sizes[tag]}, at::kInt);
      comm.receive(received, from, tag)->wait();
      EXPECT_TRUE(at::equal(received, content(from, comm.rank(), tag)))
          << "from rank " << from << " tag " << tag;
    }
  }
  for (const Work& work : works) work->wait();
}

void check_split(Communicator& comm) {
  const int color = comm.rank() % 2;
  const auto half = comm.split(color, -comm.rank());
  const int members = (comm.size() + 1 - color) / 2;
  ASSERT_EQ(half->size(), members);
  EXPECT_EQ(half->rank(), members - 1 - comm.rank() / 2);
  at::Tensor tensor = at::full({1000}, comm.rank(), at::kLong);
  half->all_reduce(tensor, Reduce::kSum)->wait();
  int64_t expected = 0;
  for (int rank = color; rank < comm.size(); rank += 2) expected += rank;
  EXPECT_EQ(tensor[999].item<int64_t>(), expected);
  const auto alone = half->split(half->rank(), 0);
  EXPECT_EQ(alone->size(), 1);
  check_all_reduce(*alone, contributions(1, 100, at::kFloat), Reduce::kMean);
  alone->finalize();
  half->finalize();
}

void check_allocate(Communicator& comm) {
  constexpr int64_t kElements = 123457, kFew = 1001;
  for (const auto type : {at::kFloat, at::kBFloat16, at::kLong}) {
    const at::Tensor memory = comm.allocate(kElements, at::TensorOptions(type));
    EXPECT_EQ(memory.numel(), kElements);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.data_ptr()) % kCacheLine, 0U);
    check_all_reduce(comm, contributions(comm.size(), kElements, type), Reduce::kSum, memory);
    const std::vector<at::Tensor> few = contributions(comm.size(), kFew, type);
    check_all_reduce(comm, few, Reduce::kMax, memory.narrow(0, 17, kFew));
    // One rank comes with memory of its own.
    check_all_reduce(comm, few, Reduce::kMin, comm.rank() == 0 ? at::Tensor() : memory.narrow(0, 5, kFew));
  }
}

}  // namespace echelon::testing
