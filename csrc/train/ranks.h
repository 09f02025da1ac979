// The ranks of a run and what they compute on.
#pragma once

#include <c10/core/Device.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "comm/world.h"
#include "cuda/device.h"
#include "parallel/grid.h"
#include "train/settings.h"

namespace echelon::train {

/// What of a job's settings decides how its ranks are connected, and what they compute on.
struct RankOptions {
  std::string device = "auto";
  std::optional<int64_t> threads{};  ///< not set: this rank's share of the cores
  CommSettings comm{};
  int64_t pipeline = 1;   ///< ranks that a model is cut over
  bool on_device = true;  ///< tensors on devices are exchanged, too
};

/// The communicators of a run and the device that this rank computes on.
class Ranks {
 public:
  /// Chooses the device, sets the number of compute threads and connects all ranks. Collective. Throws
  /// ConfigError when the device cannot be had or the ranks cannot be divided into pipelines, CommError when
  /// the ranks cannot be connected.
  Ranks(const RankOptions& options, const ProcessEnvironment& environment);
  Ranks(const TrainSettings& settings, const ProcessEnvironment& environment);
  /// Ranks that are connected already and compute on the CPU, as threads of this process say; `host` must
  /// outlive this.
  explicit Ranks(Communicator& host, int64_t pipeline = 1);

  Communicator& host() { return *host_; }  ///< all ranks, in host memory
  parallel::GridGroups& groups() { return *groups_; }
  const parallel::Grid& grid() const { return groups_->grid(); }
  const Launch& launch() const { return launch_; }
  const DeviceChoice& choice() const { return choice_; }
  at::Device device() const;
  int threads() const { return threads_; }

  /// Tells every other rank that this one has failed, and why.
  void abort(const std::string& reason) noexcept;
  /// Collective; at the end of a run in which no rank failed.
  void finalize();

 private:
  void divide(int64_t pipeline);

  Launch launch_;
  DeviceChoice choice_;
  int threads_;
  std::unique_ptr<WatchedCommunicator> world_;  // what host_ is, where it is our own
  Communicator* host_;
  std::unique_ptr<Communicator> device_comm_;  // null: host_ serves for both
  std::unique_ptr<parallel::GridGroups> groups_;
};

/// Runs `body`; an error of this rank is told to the others, so that they do not wait for it. Collective.
template <class Body>
auto guarded(Ranks& ranks, Body body) {
  try {
    const auto result = body();
    ranks.finalize();
    return result;
  } catch (const std::exception& error) {
    ranks.abort(error.what());
    throw;
  }
}

}  // namespace echelon::train
