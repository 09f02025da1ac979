#include "comm/nccl/communicator.h"

#include <ATen/ATen.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include "comm/nccl/identity.h"
#include "comm/nccl/types.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

c10::cuda::CUDAGuard use_device(int device) {
  return c10::cuda::CUDAGuard(static_cast<c10::DeviceIndex>(device));
}

void prepare_watching_thread(int device) {
  cudaSetDevice(device);
  // Asking for an event from that thread must not spoil a graph that another thread captures.
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  cudaThreadExchangeStreamCaptureMode(&mode);
}

void check_parts(const at::Tensor& part, const at::Tensor& whole, int parts, const char* operation,
                 std::string_view label) {
  if (part.scalar_type() == whole.scalar_type() && part.numel() * parts == whole.numel()) return;
  throw InternalError(str_format("{} of '{}': {} elements of {} are not {} parts of {} elements of {}",
                                 operation, label, whole.numel(), c10::toString(whole.scalar_type()), parts,
                                 part.numel(), c10::toString(part.scalar_type())));
}

}  // namespace

NcclCommunicator::NcclCommunicator(std::unique_ptr<WatchedCommunicator> control, int device)
    : control_(std::move(control)), watched_(control_->split_watched(0, control_->rank())), device_(device) {
  refuse_shared_gpus(*control_, device_);
  const int channels = size() == 1 ? 1 : kLanes;
  for (int i = 0; i < channels; ++i) channels_.push_back(std::make_unique<NcclChannel>(device_, failure_));
  watchdog_ = std::make_unique<NcclWatchdog>(
      *watched_, failure_,
      NcclWatchdog::Hooks{[device] { prepare_watching_thread(device); }, [this] { return find_error(); },
                          [this] { abort_channels(); }});
  open_channels();
}

NcclCommunicator::~NcclCommunicator() {
  if (finalized_) return;
  failure_->raise("the NCCL communicator was destroyed before this operation had finished");
  watchdog_.reset();
  abort_channels();
}

void NcclCommunicator::open_channels() {
  const c10::cuda::CUDAGuard guard = use_device(device_);
  auto set_up = std::make_shared<NcclWork>(make_entry(++collectives_, Operation::kSplit, "NCCL set-up"),
                                           device_, HostWait::kYes, failure_);
  watchdog_->enter(set_up, kCollective);
  try {
    const std::vector<ncclUniqueId> ids = share_nccl_ids(*control_, static_cast<int>(channels_.size()));
    for (size_t i = 0; i < channels_.size(); ++i) channels_[i]->open(ids[i], size(), rank());
    set_up->queued_on(channels_[kCollective]->stream());
  } catch (const std::exception& error) {
    watchdog_->fail_by_error(error.what());
    control_->abort(error.what());  // on which the others may wait for an id
    failure_->check();
  }
}

void NcclCommunicator::abort_channels() {
  std::vector<std::future<void>> aborts;
  for (const auto& channel : channels_) aborts.push_back(channel->start_abort());
  wait_for_aborts(aborts);
}

std::string NcclCommunicator::find_error() {
  for (const auto& channel : channels_) {
    if (std::string error = channel->error(); !error.empty()) return error;
  }
  return "";
}

std::shared_ptr<NcclWork> NcclCommunicator::launch(Lane lane, const LedgerEntry& entry,
                                                   const std::vector<at::Tensor>& tensors,
                                                   const NcclChannel::Call& call, HostWait host_wait) {
  check_open();
  const c10::cuda::CUDAGuard guard = use_device(device_);
  NcclChannel& channel = *channels_.at(lane);
  auto work = std::make_shared<NcclWork>(entry, device_, host_wait, failure_);
  watchdog_->enter(work, lane);
  try {
    work->inputs().block(channel.stream());
    for (const at::Tensor& tensor : tensors) {
      c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(), channel.torch_stream());
    }
    if (call) channel.run(call);
    work->queued_on(channel.stream());
  } catch (const std::exception& error) {
    watchdog_->fail_by_error(error.what());
    failure_->check();
  }
  return work;
}

void NcclCommunicator::check_open() const {
  failure_->check();
  if (finalized_)
    throw InternalError(str_format("a NCCL communicator was used after finalize() on rank {}", rank()));
}

void NcclCommunicator::check_tensor(const at::Tensor& tensor, const char* operation,
                                    std::string_view label) const {
  const auto refuse = [&](const std::string& problem) {
    throw InternalError(str_format("{} of '{}' on rank {}: {}", operation, label, rank(), problem));
  };
  if (!tensor.is_cuda() || tensor.get_device() != device_) {
    refuse(str_format(
        "the tensor is on {}, but this communicator moves tensors of cuda:{} (CPU tensors go through the mpi "
        "backend)",
        tensor.device().str(), device_));
  }
  if (!tensor.is_contiguous()) refuse("the tensor is not contiguous: pass tensor.contiguous()");
}

void NcclCommunicator::check_peer(int peer, const char* operation) const {
  if (peer >= 0 && peer < size()) return;
  throw InternalError(
      str_format("{} on rank {}: there is no rank {} among {}", operation, rank(), peer, size()));
}

Work NcclCommunicator::all_reduce(at::Tensor tensor, Reduce op, std::string_view label) {
  check_tensor(tensor, "all_reduce", label);
  const auto type = nccl_type(tensor.scalar_type());
  const auto reduction = nccl_reduction(tensor.scalar_type(), op);
  const LedgerEntry entry = make_entry(++collectives_, Operation::kAllReduce, tensor, label, op);
  if (tensor.numel() == 0) return launch(kCollective, entry, {}, nullptr);
  void* data = tensor.data_ptr();
  return launch(kCollective, entry, {tensor}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclAllReduce(data, data, tensor.numel(), type, reduction, comm, stream);
  });
}

Work NcclCommunicator::reduce_scatter(at::Tensor output, at::Tensor input, Reduce op,
                                      std::string_view label) {
  check_tensor(output, "reduce_scatter", label);
  check_tensor(input, "reduce_scatter", label);
  check_parts(output, input, size(), "reduce_scatter", label);
  const auto type = nccl_type(output.scalar_type());
  const auto reduction = nccl_reduction(output.scalar_type(), op);
  const LedgerEntry entry = make_entry(++collectives_, Operation::kReduceScatter, input, label, op);
  if (output.numel() == 0) return launch(kCollective, entry, {}, nullptr);
  return launch(kCollective, entry, {output, input}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclReduceScatter(input.const_data_ptr(), output.data_ptr(), output.numel(), type, reduction, comm,
                             stream);
  });
}

Work NcclCommunicator::all_gather(at::Tensor output, at::Tensor input, std::string_view label) {
  check_tensor(output, "all_gather", label);
  check_tensor(input, "all_gather", label);
  check_parts(input, output, size(), "all_gather", label);
  const auto type = nccl_type(input.scalar_type());
  const LedgerEntry entry = make_entry(++collectives_, Operation::kAllGather, input, label);
  if (input.numel() == 0) return launch(kCollective, entry, {}, nullptr);
  return launch(kCollective, entry, {output, input}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclAllGather(input.const_data_ptr(), output.data_ptr(), input.numel(), type, comm, stream);
  });
}

Work NcclCommunicator::broadcast(at::Tensor tensor, int root, std::string_view label) {
  check_tensor(tensor, "broadcast", label);
  check_peer(root, "broadcast");
  const auto type = nccl_type(tensor.scalar_type());
  const LedgerEntry entry = make_entry(++collectives_, Operation::kBroadcast, tensor, label, {}, root);
  if (tensor.numel() == 0) return launch(kCollective, entry, {}, nullptr);
  void* data = tensor.data_ptr();
  return launch(kCollective, entry, {tensor}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclBroadcast(data, data, tensor.numel(), type, root, comm, stream);
  });
}

Work NcclCommunicator::send(at::Tensor tensor, int destination, int tag, std::string_view label) {
  check_tensor(tensor, "send", label);
  check_peer(destination, "send");
  if (destination == rank())
    throw InternalError(str_format("send on rank {}: NCCL sends only to other ranks", rank()));
  const auto type = nccl_type(tensor.scalar_type());
  const LedgerEntry entry = make_entry(++messages_, Operation::kSend, tensor, label, {}, destination, tag);
  const Lane lane = lane_of_message(rank(), destination);
  if (tensor.numel() == 0) return launch(lane, entry, {}, nullptr);
  return launch(lane, entry, {tensor}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclSend(tensor.const_data_ptr(), tensor.numel(), type, destination, comm, stream);
  });
}

Work NcclCommunicator::receive(at::Tensor tensor, int source, int tag, std::string_view label) {
  check_tensor(tensor, "receive", label);
  check_peer(source, "receive");
  if (source == rank())
    throw InternalError(str_format("receive on rank {}: NCCL receives only from other ranks", rank()));
  const auto type = nccl_type(tensor.scalar_type());
  const LedgerEntry entry = make_entry(++messages_, Operation::kReceive, tensor, label, {}, source, tag);
  const Lane lane = lane_of_message(source, rank());
  if (tensor.numel() == 0) return launch(lane, entry, {}, nullptr);
  return launch(lane, entry, {tensor}, [=](ncclComm_t comm, cudaStream_t stream) {
    return ncclRecv(tensor.data_ptr(), tensor.numel(), type, source, comm, stream);
  });
}

Work NcclCommunicator::barrier(std::string_view label) {
  const LedgerEntry entry = make_entry(++collectives_, Operation::kBarrier, label);
  const at::Tensor token = at::zeros({1}, at::device(at::Device(at::kCUDA, device_)).dtype(at::kByte));
  return launch(
      kCollective, entry, {token},
      [=](ncclComm_t comm, cudaStream_t stream) {
        return ncclAllReduce(token.data_ptr(), token.data_ptr(), 1, ncclUint8, ncclMax, comm, stream);
      },
      HostWait::kYes);
}

std::unique_ptr<Communicator> NcclCommunicator::split(int color, int key) {
  check_open();
  return std::make_unique<NcclCommunicator>(control_->split_watched(color, key), device_);
}

at::Tensor NcclCommunicator::allocate(int64_t elements, at::TensorOptions options) {
  check_open();
  return at::empty({elements}, options.device(at::Device(at::kCUDA, device_)));
}

void NcclCommunicator::abort(const std::string& reason) {
  if (finalized_) return;
  watched_->abort(reason);
  watchdog_->fail(reason);
}

void NcclCommunicator::finalize() {
  if (finalized_) return;
  failure_->check();
  const c10::cuda::CUDAGuard guard = use_device(device_);
  auto closing = std::make_shared<NcclWork>(make_entry(++collectives_, Operation::kFinalize), device_,
                                            HostWait::kYes, failure_);
  watchdog_->enter(closing, kCollective);
  try {
    for (const auto& channel : channels_) channel->drain();
    for (const auto& channel : channels_) channel->close();
  } catch (const std::exception& error) {
    watchdog_->fail_by_error(error.what());
    failure_->check();
  }
  finalized_ = true;
  watchdog_.reset();
  control_->finalize();
}

}  // namespace echelon
