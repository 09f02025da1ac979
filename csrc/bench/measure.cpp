#include "bench/measure.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/processor.h"

namespace echelon::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

/// Waits until a batch is on its device, as the first operation on it would.
void arrive(at::Device device) {
  if (device.is_cpu()) return;
  const StageScope scope(LoadStage::kWait);
  const c10::impl::VirtualGuardImpl streams(device.type());
  streams.synchronizeStream(streams.getStream(device));
}

int64_t tokens_of(const data::Batch& batch) {
  int64_t tokens = 0;
  for (const char* name : {"tokens", "source"}) {
    if (const auto found = batch.inputs.find(name); found != batch.inputs.end())
      tokens += found->second.numel();
  }
  return tokens;
}

/// Of the calling thread and those of the loader.
void take_batches(data::TrainLoader& loader, at::Device device, const StageClock& clock, const Until& until,
                  RankMeasurement& result) {
  const double processor_before = processor_seconds();
  const Stopwatch watch;  // around what the clock counts, so that its times are never longer
  const StageTotals before = clock.totals();
  while (until.batches ? result.batches < *until.batches : watch.seconds() < until.seconds) {
    const data::Batch batch = loader.next();
    arrive(device);
    ++result.batches;
    result.samples += batch.samples;
    result.tokens += tokens_of(batch);
  }
  result.loading = clock.totals() - before;
  result.seconds = watch.seconds();
  result.processor_seconds = processor_seconds() - processor_before;
}

}  // namespace

std::optional<RankMeasurement> measure(const train::TrainSettings& settings, train::Ranks& ranks,
                                       const Until& until) {
  RankMeasurement result{.rank = ranks.host().rank(),
                         .cores = default_threads(ranks.launch().core_sharers, ranks.launch().local_size),
                         .before_opening = memory_use()};
  StageClock clock;
  Stopwatch watch;
  std::optional<CountedThread> counted(std::in_place, &clock, LoadStage::kIndex);
  const train::JobData job(settings, ranks);
  const std::shared_ptr<const data::Dataset> dataset = job.open(data::Split::kTrain);
  if (ranks.groups().place() != 0) return std::nullopt;
  data::LoaderOptions options = job.loader_options();
  options.clock = &clock;
  result.threads = options.threads;
  result.opening = clock.totals();
  counted.reset();
  counted.emplace(&clock, LoadStage::kUse);
  data::TrainLoader loader(dataset, options, /*consumed_samples=*/0);
  result.opening_seconds = watch.seconds();
  loader.next();
  arrive(options.device);
  result.first_batch_seconds = watch.seconds() - result.opening_seconds;
  take_batches(loader, options.device, clock, until, result);
  result.memory = memory_use();
  return result;
}

}  // namespace echelon::bench
