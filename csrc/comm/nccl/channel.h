// One NCCL communicator in non-blocking mode, with a stream of its own.
//
// In that mode a NCCL call returns ncclInProgress instead of waiting for other ranks, and the communicator
// may be used again only when ncclCommGetAsyncError answers otherwise (NCCL user guide, "Fault Tolerance").
// Every wait here is such a poll and ends when the failure is raised. start_abort() and error() may come from
// another thread at any time.
#pragma once

#include <c10/cuda/CUDAStream.h>
#include <nccl.h>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "comm/nccl/work.h"

namespace echelon {

class NcclChannel {
 public:
  using Call = std::function<ncclResult_t(ncclComm_t, cudaStream_t)>;

  /// Takes a high-priority stream of `device`; communicates nothing.
  NcclChannel(int device, std::shared_ptr<NcclFailure> failure);
  ~NcclChannel();  ///< aborts what is still open
  NcclChannel(const NcclChannel&) = delete;
  NcclChannel& operator=(const NcclChannel&) = delete;

  /// Joins the other ranks that hold `id`. Collective; returns when NCCL is ready. Throws CommError.
  void open(const ncclUniqueId& id, int size, int rank);
  /// Makes one NCCL call and returns when NCCL has put it on the stream. Throws CommError.
  void run(const Call& call);
  /// Waits on the host until the stream is empty. Throws CommError.
  void drain();
  /// Flushes and destroys; drain() every channel of the device before. Collective. Throws CommError.
  void close();

  /// NCCL's asynchronous error, empty while there is none.
  std::string error();
  /// Makes NCCL stop whatever runs, on device and host, in a thread of its own: returns at once what becomes
  /// ready when NCCL has come back; not valid where nothing is open. Local. Raise the failure first, so that
  /// a waiting call says why. NCCL frees memory here, which waits for the kernels of every channel of the
  /// device: abort them all, then wait.
  std::future<void> start_abort();

  cudaStream_t stream() const { return stream_.stream(); }
  c10::cuda::CUDAStream torch_stream() const { return stream_; }

 private:
  void settle(ncclResult_t result);
  std::string describe(ncclResult_t result) const;

  int device_;
  c10::cuda::CUDAStream stream_;
  std::shared_ptr<NcclFailure> failure_;
  std::mutex mutex_;  ///< held for each NCCL call, none of which waits
  ncclComm_t comm_ = nullptr;
};

/// Waits for aborts that have been started, some seconds at most: a NCCL that does not come back is left
/// behind with a warning.
void wait_for_aborts(const std::vector<std::future<void>>& aborts);

}  // namespace echelon
