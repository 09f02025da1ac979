#include "comm/queued_communicator.h"

#include <ATen/ATen.h>

#include <exception>

#include "comm/reduction.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

constexpr double kIdlePollSeconds = 0.2;  ///< how soon a rank that computes answers one that asks where it is

void check_tensor(const at::Tensor& tensor, const char* operation) {
  if (!tensor.defined()) throw InternalError(str_format("{} of an undefined tensor", operation));
  if (!is_element_type(tensor.scalar_type())) {
    throw InternalError(
        str_format("{} of a {} tensor: communicators move float32, float64, float16, bfloat16, int32, "
                   "int64, uint8 and bool",
                   operation, element_name(tensor.scalar_type())));
  }
  if (!tensor.is_contiguous()) {
    throw InternalError(
        str_format("{} of a tensor that is not contiguous: call contiguous() first", operation));
  }
}

void check_reduction(const at::Tensor& tensor, Reduce op, const char* operation) {
  if (op != Reduce::kMean || at::isFloatingType(tensor.scalar_type())) return;
  throw InternalError(
      str_format("{} with mean of a {} tensor: the mean of integers is not an integer, use sum", operation,
                 element_name(tensor.scalar_type())));
}

void check_parts(const at::Tensor& whole, const at::Tensor& part, int size, const char* operation) {
  if (whole.scalar_type() != part.scalar_type())
    throw InternalError(str_format("{} between two types", operation));
  if (whole.numel() == part.numel() * size) return;
  throw InternalError(str_format("{} among {} ranks: {} elements are not {} parts of {}", operation, size,
                                 whole.numel(), size, part.numel()));
}

/// A message keeps its tensor, and on a GPU its host copy, until it has arrived.
class TensorTransfer final : public Transfer {
 public:
  TensorTransfer(std::unique_ptr<Transfer> inner, HostTensor host)
      : Transfer(inner->entry(), inner->lane()), inner_(std::move(inner)), host_(std::move(host)) {}
  bool step() override { return inner_->step(); }
  bool complete() const override { return inner_->complete(); }
  bool needs_polling() const override { return inner_->needs_polling(); }
  void on_complete() override {
    if (entry().operation == Operation::kReceive) host_.write_back();
  }

 private:
  std::unique_ptr<Transfer> inner_;
  HostTensor host_;
};

/// Of an operation that ran before its call returned.
class FinishedWork final : public WorkState {
 public:
  explicit FinishedWork(const std::function<void()>& run) {
    try {
      run();
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  bool done() override { return true; }
  void wait() override {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

}  // namespace

QueuedCommunicator::QueuedCommunicator(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), messenger_(transport_->node(), transport_->watch()) {
  if (auto poll = transport_->idle_poll()) queue_.poll_when_idle(std::move(poll), kIdlePollSeconds);
}

QueuedCommunicator::~QueuedCommunicator() {
  if (queue_.idle() && messenger_.idle()) return;
  watch().fail(str_format("rank {} left while operations were not finished", world_rank(rank())));
}

Work QueuedCommunicator::all_reduce(at::Tensor tensor, Reduce op, std::string_view label) {
  check_tensor(tensor, "all_reduce");
  check_reduction(tensor, op, "all_reduce");
  const LedgerEntry entry = make_entry(++sequence_, Operation::kAllReduce, tensor, label, op);
  return submit(entry, [this, entry, op, host = HostTensor(tensor)]() mutable {
    std::byte* data = host.open(true);
    transport_->begin(entry, data);
    transport_->all_reduce({host.tensor().scalar_type(), op}, data, host.tensor().numel());
    transport_->end();
    host.write_back();
  });
}

Work QueuedCommunicator::reduce_scatter(at::Tensor output, at::Tensor input, Reduce op,
                                        std::string_view label) {
  check_tensor(input, "reduce_scatter");
  check_tensor(output, "reduce_scatter");
  check_reduction(input, op, "reduce_scatter");
  check_parts(input, output, size(), "reduce_scatter");
  const LedgerEntry entry = make_entry(++sequence_, Operation::kReduceScatter, input, label, op);
  return submit(entry, [this, entry, op, to = HostTensor(output), from = HostTensor(input)]() mutable {
    const std::byte* read = from.open(true);
    std::byte* written = to.open(false);
    transport_->begin(entry, read);
    transport_->reduce_scatter({to.tensor().scalar_type(), op}, written, read, to.tensor().numel());
    transport_->end();
    to.write_back();
  });
}

Work QueuedCommunicator::all_gather(at::Tensor output, at::Tensor input, std::string_view label) {
  check_tensor(input, "all_gather");
  check_tensor(output, "all_gather");
  check_parts(output, input, size(), "all_gather");
  const LedgerEntry entry = make_entry(++sequence_, Operation::kAllGather, input, label);
  return submit(entry, [this, entry, to = HostTensor(output), from = HostTensor(input)]() mutable {
    std::byte* read = from.open(true);
    std::byte* written = to.open(false);
    transport_->begin(entry, read);
    transport_->all_gather(written, read, static_cast<int64_t>(from.tensor().nbytes()));
    transport_->end();
    to.write_back();
  });
}

Work QueuedCommunicator::broadcast(at::Tensor tensor, int root, std::string_view label) {
  check_tensor(tensor, "broadcast");
  const LedgerEntry entry =
      make_entry(++sequence_, Operation::kBroadcast, tensor, label, {}, world_rank(root));
  return submit(entry, [this, entry, root, host = HostTensor(tensor)]() mutable {
    std::byte* data = host.open(root == rank());
    transport_->begin(entry, data);
    transport_->broadcast(data, static_cast<int64_t>(host.tensor().nbytes()), root);
    transport_->end();
    if (root != rank()) host.write_back();
  });
}

Work QueuedCommunicator::barrier(std::string_view label) {
  const LedgerEntry entry = make_entry(++sequence_, Operation::kBarrier, label);
  return submit(entry, [this, entry] {
    transport_->begin(entry, nullptr);
    transport_->barrier();
    transport_->end();
  });
}

Work QueuedCommunicator::send(at::Tensor tensor, int destination, int tag, std::string_view label) {
  return post_message(tensor, Operation::kSend, destination, tag, label);
}

Work QueuedCommunicator::receive(at::Tensor tensor, int source, int tag, std::string_view label) {
  return post_message(tensor, Operation::kReceive, source, tag, label);
}

Work QueuedCommunicator::post_message(const at::Tensor& tensor, Operation operation, int peer, int tag,
                                      std::string_view label) {
  const bool sends = operation == Operation::kSend;
  check_tensor(tensor, sends ? "send" : "receive");
  const int peer_name = world_rank(peer);
  if (peer == rank()) throw InternalError(str_format("a message from rank {} to itself", peer_name));
  if (tag < 0 || tag > kLargestTag)
    throw InternalError(str_format("message tag {} is not in 0-{}", tag, kLargestTag));
  const uint64_t number = ++messages_[{operation, peer, tag}];
  const LedgerEntry entry = make_entry(number, operation, tensor, label, {}, peer_name, tag);
  HostTensor host(tensor);
  std::byte* data = host.open(sends);
  const auto bytes = static_cast<int64_t>(tensor.nbytes());
  std::unique_ptr<Transfer> transfer =
      sends ? transport_->send(entry, peer, data, bytes) : transport_->receive(entry, peer, data, bytes);
  return messenger_.post(std::make_unique<TensorTransfer>(std::move(transfer), std::move(host)));
}

std::unique_ptr<WatchedCommunicator> QueuedCommunicator::split_watched(int color, int key) {
  if (color < 0) throw InternalError(str_format("split with color {}: colors are 0 or more", color));
  const LedgerEntry entry = make_entry(++sequence_, Operation::kSplit);
  std::unique_ptr<Transport> part;
  submit(entry, [&] {
    transport_->begin(entry, nullptr);
    part = transport_->split(color, key);
    transport_->end();
  })->wait();
  return std::make_unique<QueuedCommunicator>(std::move(part));
}

at::Tensor QueuedCommunicator::allocate(int64_t elements, at::TensorOptions options) {
  if (!options.device().is_cpu()) return at::empty({elements}, options);
  const auto type = c10::typeMetaToScalarType(options.dtype());
  LedgerEntry entry = make_entry(++sequence_, Operation::kAllocate);
  entry.dtype = static_cast<int8_t>(type);
  entry.dimensions = 1;
  entry.sizes[0] = elements;
  std::pair<std::byte*, std::shared_ptr<void>> memory;
  submit(entry, [&] {
    transport_->begin(entry, nullptr);
    memory = transport_->allocate(elements * static_cast<int64_t>(c10::elementSize(type)));
    transport_->end();
  })->wait();
  return at::from_blob(
      memory.first, {elements}, [keep = memory.second](void*) {}, options);
}

void QueuedCommunicator::abort(const std::string& reason) {
  watch().fail(str_format("rank {} ended the job: {}", world_rank(rank()), reason));
}

void QueuedCommunicator::finalize() {
  const LedgerEntry entry = make_entry(++sequence_, Operation::kFinalize);
  submit(entry, [&] {
    transport_->begin(entry, nullptr);
    transport_->finalize();
    transport_->end();
  })->wait();
}

Work QueuedCommunicator::submit(const LedgerEntry& entry, std::function<void()> run) {
  auto operation = [this, entry, run = std::move(run)] { perform(entry, run); };
  if (size() == 1) return std::make_shared<FinishedWork>(operation);
  return queue_.submit(std::move(operation));
}

void QueuedCommunicator::perform(const LedgerEntry& entry, const std::function<void()>& run) {
  try {
    run();
  } catch (const CommError& error) {
    watch().fail(error.what());
    throw;
  } catch (const std::exception& error) {
    watch().fail(str_format("rank {} failed in {}: {}", world_rank(rank()), to_string(entry), error.what()));
    throw;
  }
}

int QueuedCommunicator::world_rank(int rank) const {
  if (rank < 0 || rank >= size())
    throw InternalError(str_format("rank {} in a communicator of {}", rank, size()));
  return transport_->world_ranks()[rank];
}

}  // namespace echelon
