// Collective and point-to-point communication among the ranks of a job: the whole contract of a backend.
//
// Every operation is asynchronous: it is queued at once, in call order, and the returned Work waits for it.
// All ranks of a communicator must call the same collectives in the same order; each call is entered in the
// ledger (comm/ledger.h), and ranks whose ledgers disagree, or that do not arrive within the timeout, make
// every rank throw CommError with the rank and the operation that is missing. Tensors must stay alive and
// untouched until wait() returns; they must be contiguous, and of float32, float64, float16, bfloat16, int32,
// int64, uint8 or bool, else InternalError is thrown at the call. Any size, 0 included. `label` names the
// tensor in messages; all ranks give the same to a collective. One thread at a time may call into a
// communicator.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <string_view>

namespace echelon {

enum class Reduce { kSum, kMean, kMin, kMax };

class WorkState {
 public:
  virtual ~WorkState() = default;
  virtual bool done() = 0;
  virtual void wait() = 0;  ///< throws CommError; on a GPU the current stream waits, the host does not
};
using Work = std::shared_ptr<WorkState>;  ///< never null

class Communicator {
 public:
  virtual ~Communicator() = default;  ///< never communicates; call finalize() first where all ranks are alive

  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// In place. kMean divides by size(); integers and bool refuse it. kSum on bool is a logical or.
  virtual Work all_reduce(at::Tensor tensor, Reduce op, std::string_view label = "") = 0;
  /// `input` holds size() equal parts; `output` receives the reduced part number rank(). It may be that part
  /// of `input`.
  virtual Work reduce_scatter(at::Tensor output, at::Tensor input, Reduce op,
                              std::string_view label = "") = 0;
  /// `output` receives size() equal parts, in rank order. `input` may be part number rank() of `output`.
  virtual Work all_gather(at::Tensor output, at::Tensor input, std::string_view label = "") = 0;
  virtual Work broadcast(at::Tensor tensor, int root, std::string_view label = "") = 0;
  /// Messages between two ranks with the same tag arrive in order. A send may finish before its receive is
  /// posted.
  virtual Work send(at::Tensor tensor, int destination, int tag = 0, std::string_view label = "") = 0;
  virtual Work receive(at::Tensor tensor, int source, int tag = 0, std::string_view label = "") = 0;
  virtual Work barrier(std::string_view label = "") = 0;

  /// A communicator of the ranks that give the same color (0 or more), ordered by (key, rank). Collective;
  /// waits.
  virtual std::unique_ptr<Communicator> split(int color, int key) = 0;
  /// Uninitialised memory that this backend reduces fastest from (shared among a node's ranks, say).
  /// Collective; waits.
  virtual at::Tensor allocate(int64_t elements, at::TensorOptions options) = 0;

  /// Wakes every rank that waits in this communicator with a CommError that holds `reason`.
  virtual void abort(const std::string& reason) = 0;
  /// Finishes queued work and releases what needs all ranks for that. Collective; waits.
  virtual void finalize() = 0;
};

}  // namespace echelon
