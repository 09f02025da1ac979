#include "work/unit_runner.h"

#include <chrono>

namespace echelon::work {

UnitRunner::UnitRunner(const Task& task, const OutputFolder& folder, int threads, double share)
    : task_(task),
      folder_(folder),
      first_(static_cast<int64_t>(share * static_cast<double>(task.units()))),
      working_(static_cast<size_t>(threads)) {
  try {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {  // the system has no further thread
    stop();
    throw;
  }
}

UnitRunner::~UnitRunner() {
  stop();
}

bool UnitRunner::wait(double seconds) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return working_ == 0; });
}

std::optional<UnitFailure> UnitRunner::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

int64_t UnitRunner::counted(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(name);
  return found == counts_.end() ? 0 : found->second;
}

void UnitRunner::work() {
  const int64_t units = task_.units();
  for (int64_t i = next_++; i < units && !stopping_; i = next_++) make((first_ + i) % units);
  const std::lock_guard lock(mutex_);
  --working_;
  ended_.notify_all();
}

void UnitRunner::make(int64_t unit) {
  try {
    const WorkFolder& state = folder_.work();
    if (state.output_of(unit) || !state.claim(unit)) return;
    const UnitOutput output = task_.make(unit, folder_);
    state.record(unit, output);
    count(output.counts);
  } catch (const Error& error) {
    fail({unit, error.exit_code(), error.what()});
  } catch (const fs::filesystem_error& error) {
    fail({unit, ExitCode::kData, error.what()});
  } catch (const std::exception& error) {
    fail({unit, ExitCode::kInternal, error.what()});
  }
}

void UnitRunner::count(const Counts& counts) {
  const std::lock_guard lock(mutex_);
  add_counts(counts_, counts);
  ++made_;
}

void UnitRunner::fail(UnitFailure failure) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (!failure_ || failure.unit < failure_->unit) failure_ = std::move(failure);
}

}  // namespace echelon::work
