// The threads of one rank that make units.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "work/output_folder.h"
#include "work/task.h"

namespace echelon::work {

struct UnitFailure {
  int64_t unit = 0;
  ExitCode code = ExitCode::kData;
  std::string message;
};

class UnitRunner {
 public:
  /// `share`: this runner claims units from this share of them on and then around, so that ranks which begin
  /// apart read apart.
  UnitRunner(const Task& task, const OutputFolder& folder, int threads, double share);
  /// Waits for the units that are being made.
  ~UnitRunner();

  /// Waits until nothing is left to claim, or `seconds` have gone by. True in the first case.
  bool wait(double seconds);
  int64_t made() const { return made_; }
  /// The sum of a count over the units made.
  int64_t counted(const std::string& name) const;
  std::optional<UnitFailure> failure() const;
  /// No further unit is claimed.
  void stop() { stopping_ = true; }

 private:
  void work();
  void make(int64_t unit);
  void count(const Counts& counts);
  void fail(UnitFailure failure);

  const Task& task_;
  const OutputFolder& folder_;
  int64_t first_;
  std::atomic<int64_t> next_ = 0, made_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  size_t working_;
  std::optional<UnitFailure> failure_;
  Counts counts_;
  std::vector<std::jthread> threads_;
};

}  // namespace echelon::work
