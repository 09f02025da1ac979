#include "comm/nccl/channel.h"

#include <c10/cuda/CUDAGuard.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon {
namespace {

using std::chrono::microseconds;

constexpr auto kAbortPatience = std::chrono::seconds(10);
constexpr microseconds kFirstPoll(5);
constexpr microseconds kLongestPoll(1000);

bool is_error(ncclResult_t result) {
  return result != ncclSuccess && result != ncclInProgress;
}

}  // namespace

NcclChannel::NcclChannel(int device, std::shared_ptr<NcclFailure> failure)
    : device_(device),
      stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, static_cast<c10::DeviceIndex>(device))),
      failure_(std::move(failure)) {}

NcclChannel::~NcclChannel() {
  std::vector<std::future<void>> aborts;
  aborts.push_back(start_abort());
  wait_for_aborts(aborts);
}

std::string NcclChannel::describe(ncclResult_t result) const {
  return str_format("NCCL: {} ({})", ncclGetErrorString(result), ncclGetLastError(comm_));
}

// `result` is what the call returned; while that is "in progress" the communicator itself knows how
// it goes on.
void NcclChannel::settle(ncclResult_t result) {
  microseconds pause = kFirstPoll;
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      failure_->check();
      if (comm_ == nullptr) throw CommError("the NCCL communicator was aborted");
      if (result == ncclInProgress) {
        const ncclResult_t asked = ncclCommGetAsyncError(comm_, &result);
        if (is_error(asked)) result = asked;
      }
      if (is_error(result)) throw CommError(describe(result));
      if (result == ncclSuccess) return;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPoll);
  }
}

void NcclChannel::open(const ncclUniqueId& id, int size, int rank) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device_));
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclResult_t result;
  {
    const std::lock_guard lock(mutex_);
    failure_->check();
    result = ncclCommInitRankConfig(&comm_, size, id, rank, &config);
    if (is_error(result)) throw CommError(describe(result));
  }
  settle(result);
}

void NcclChannel::run(const Call& call) {
  ncclResult_t result;
  {
    const std::lock_guard lock(mutex_);
    failure_->check();
    if (comm_ == nullptr) throw CommError("the NCCL communicator is not open");
    result = call(comm_, stream());
  }
  settle(result);
}

// ncclCommFinalize flushes what NCCL has launched; kernels that still wait for their inputs are not
// promised to be.
void NcclChannel::drain() {
  while (!stream_.query()) {
    failure_->check();
    std::this_thread::sleep_for(kLongestPoll);
  }
}

void NcclChannel::close() {
  run([](ncclComm_t comm, cudaStream_t) { return ncclCommFinalize(comm); });
  const std::lock_guard lock(mutex_);
  failure_->check();
  const ncclResult_t result = ncclCommDestroy(std::exchange(comm_, nullptr));
  if (is_error(result)) throw CommError(str_format("NCCL: {}", ncclGetErrorString(result)));
}

std::string NcclChannel::error() {
  const std::lock_guard lock(mutex_);
  if (comm_ == nullptr) return "";
  ncclResult_t result = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(comm_, &result);
  if (is_error(asked)) result = asked;
  return is_error(result) ? describe(result) : "";
}

std::future<void> NcclChannel::start_abort() {
  ncclComm_t comm;
  {
    const std::lock_guard lock(mutex_);
    comm = std::exchange(comm_, nullptr);
  }
  if (comm == nullptr) return {};
  std::promise<void> promise;
  std::future<void> aborted = promise.get_future();
  std::thread([comm, device = device_, promise = std::move(promise)]() mutable {
    cudaSetDevice(device);
    ncclCommAbort(comm);
    promise.set_value();
  }).detach();
  return aborted;
}

void wait_for_aborts(const std::vector<std::future<void>>& aborts) {
  const auto deadline = std::chrono::steady_clock::now() + kAbortPatience;
  for (const std::future<void>& abort : aborts) {
    if (!abort.valid() || abort.wait_until(deadline) == std::future_status::ready) continue;
    log::warning("NCCL did not abort within {} s; its communicator is left behind", kAbortPatience.count());
  }
}

}  // namespace echelon
