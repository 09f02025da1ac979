#include "data/prefetcher.h"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon::data {
namespace {

/// A run of bad samples longer than this means that the data as a whole is unusable.
constexpr int64_t kReplacementTries = 1000;

int64_t counted_targets(const Dataset& dataset, const Batch& batch) {
  if (!dataset.ignores_targets()) return batch.all_targets();
  const auto* values = batch.target.const_data_ptr<int64_t>();
  return batch.target.numel() - std::count(values, values + batch.target.numel(), kIgnoredTarget);
}

at::Tensor keep_rows(const at::Tensor& tensor, const at::Tensor& rows) {
  const at::Device device = tensor.device();
  if (device.is_cpu()) return tensor.index_select(0, rows);
  // Waited for, on a stream of its own: what is given back is filled again at once (arrival_memory.h).
  const c10::impl::VirtualGuardImpl streams(device.type());
  const c10::Stream own = streams.getStreamFromGlobalPool(device, /*isHighPriority=*/false);
  const c10::StreamGuard guard(own);
  at::Tensor kept = tensor.index_select(0, rows.to(device));
  streams.synchronizeStream(own);
  return kept;
}

}  // namespace

struct Prefetcher::Slot {
  int64_t number = 0;
  std::vector<SampleReference> samples;  ///< of all rows, the partner's included
  bool has_partner = false;
  Batch batch;
  std::mutex allocation;   ///< of `batch`
  bool allocated = false;  ///< `batch` has memory
  int64_t claimed = 0;     ///< rows that a thread has taken
  int64_t unfinished = 0;  ///< rows not loaded yet
  enum { kLoading, kLoaded, kBeingSent, kReady } state = kLoading;
  Receive receive;  ///< of a batch that was sent
  int64_t bad_rows = 0;
  std::vector<uint8_t> usable;  ///< per row; false: left out
  std::string first_problem;    ///< of the bad rows that were skipped
  std::exception_ptr error;
  int64_t error_row = 0;
};

Prefetcher::Prefetcher(std::shared_ptr<const Dataset> dataset, Plan plan, const PrefetchOptions& options)
    : dataset_(std::move(dataset)), plan_(std::move(plan)), options_(options) {
  if (options_.threads < 0 || options_.prefetch < 1) {
    throw InternalError(
        str_format("a loader of {} threads, {} batches ahead", options_.threads, options_.prefetch));
  }
  if (options_.threads == 0) return;
  for (int i = 0; i < options_.prefetch; ++i) open_slot();
  threads_.reserve(options_.threads);
  try {
    for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {  // the system has no further thread
    stop();
    throw;
  }
}

Prefetcher::~Prefetcher() {
  stop();
}

void Prefetcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_available_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Prefetcher::open_slot() {
  if (plan_ended_) return;
  const StageScope scope(LoadStage::kPlan);
  auto slot = std::make_unique<Slot>();
  slot->number = planned_++;
  PlannedBatch planned = plan_(slot->number);
  if (planned.samples.empty()) {
    plan_ended_ = true;
    return;
  }
  const auto samples = static_cast<int64_t>(planned.samples.size());
  slot->samples = std::move(planned.samples);
  slot->has_partner = planned.partner.has_value();
  if (planned.partner) slot->samples.push_back(*planned.partner);
  slot->batch.samples = samples;
  slot->unfinished = static_cast<int64_t>(slot->samples.size());
  slot->usable.assign(slot->samples.size(), 1);
  {
    const std::lock_guard lock(mutex_);
    slots_.push_back(std::move(slot));
  }
  work_available_.notify_all();
}

std::optional<Prefetcher::Rows> Prefetcher::claim_rows() {
  for (const auto& slot : slots_) {
    const auto rows = static_cast<int64_t>(slot->samples.size());
    if (slot->claimed == rows) continue;
    // A share of each batch for every thread: the first batch is ready soonest, and cheap samples do not
    // crowd the lock.
    const int64_t share = (rows + options_.threads - 1) / std::max(options_.threads, 1);
    const int64_t first = slot->claimed;
    slot->claimed = std::min(rows, first + share);
    return Rows{slot.get(), first, slot->claimed};
  }
  return std::nullopt;
}

void Prefetcher::allocate(Slot& slot) {
  const std::lock_guard lock(slot.allocation);
  if (slot.allocated) return;
  const auto rows = static_cast<int64_t>(slot.samples.size());
  Batch batch = dataset_->allocate(rows, options_.dtype, options_.pinned);
  batch.samples = slot.batch.samples;
  slot.batch = std::move(batch);
  slot.allocated = true;
}

void Prefetcher::load_replacement(Slot& slot, int64_t row) {
  const SampleReference& bad = slot.samples[row];
  std::string problem;
  for (int64_t i = 1; i <= std::min(kReplacementTries, dataset_->size() - 1); ++i) {
    try {
      dataset_->load((bad.index + i) % dataset_->size(), bad.key, slot.batch, row);
      return;
    } catch (const DataError& error) {
      problem = error.what();
    }
  }
  throw DataError(str_format("no sample can be loaded in place of a damaged one after {} tries; the last: {}",
                             kReplacementTries, problem));
}

bool Prefetcher::load_row(Slot& slot, int64_t row) {
  try {
    dataset_->load(slot.samples[row].index, slot.samples[row].key, slot.batch, row);
    return true;
  } catch (const DataError& error) {
    if (options_.bad_sample == BadSample::kFail) throw;
    const bool is_partner = row == slot.batch.samples;  // counted where it is a sample of its own
    const std::lock_guard lock(mutex_);
    if (!is_partner) ++slot.bad_rows;
    if (!is_partner && slot.first_problem.empty()) slot.first_problem = error.what();
  }
  if (options_.bad_sample == BadSample::kLeaveOut) return false;
  load_replacement(slot, row);
  return true;
}

void Prefetcher::load_rows(const Rows& rows) {
  Slot& slot = *rows.slot;
  std::exception_ptr error;
  int64_t row = rows.first;
  try {
    const StageScope scope(LoadStage::kAssemble);
    allocate(slot);  // not before: a batch that waits for its turn takes no memory
    for (; row < rows.last && !stopping_; ++row) slot.usable[row] = load_row(slot, row);
  } catch (...) {
    error = std::current_exception();
  }
  count_samples_loaded(row - rows.first);
  {
    const std::lock_guard lock(mutex_);
    if (error && (!slot.error || row < slot.error_row)) {
      slot.error = std::move(error);  // the consumer alone holds it from here on
      slot.error_row = row;
    }
    slot.unfinished -= rows.last - rows.first;
    if (slot.unfinished > 0) return;
  }
  complete(slot);
}

void Prefetcher::complete(Slot& slot) {
  try {
    if (!slot.error && !stopping_) finish_batch(slot);  // else rows hold what no sample is
  } catch (...) {
    slot.error = std::current_exception();
  }
  std::unique_lock lock(mutex_);
  slot.state = Slot::kLoaded;
  send_front(lock);
}

void Prefetcher::finish_batch(Slot& slot) {
  const StageScope scope(LoadStage::kAssemble);
  if (options_.combine) {
    const StageScope mixing(LoadStage::kMix);
    options_.combine(slot.batch, slot.number);
  }
  if (slot.bad_rows > 0 && options_.bad_sample == BadSample::kLeaveOut) slot.batch = usable_rows(slot);
  slot.batch.targets = counted_targets(*dataset_, slot.batch);
}

void Prefetcher::send_front(std::unique_lock<std::mutex>& lock) {
  if (slots_.empty() || slots_.front()->state != Slot::kLoaded) return;
  Slot& front = *slots_.front();
  front.state = Slot::kBeingSent;
  if (options_.send && !front.error && !stopping_) {
    const StageScope scope(LoadStage::kCopy);
    lock.unlock();
    try {
      front.receive = options_.send(std::move(front.batch));
    } catch (...) {
      front.error = std::current_exception();
    }
    lock.lock();
  }
  front.state = Slot::kReady;
  front_ready_.notify_one();
}

void Prefetcher::work() {
  const CountedThread counted(options_.clock, LoadStage::kIdle);
  for (;;) {
    std::optional<Rows> rows;
    {
      std::unique_lock lock(mutex_);
      work_available_.wait(lock, [&] { return stopping_ || (rows = claim_rows()).has_value(); });
      if (stopping_) return;
    }
    load_rows(*rows);
  }
}

std::unique_ptr<Prefetcher::Slot> Prefetcher::take_slot() {
  std::unique_lock lock(mutex_);
  if (slots_.empty()) return nullptr;
  {
    const StageScope scope(LoadStage::kWait);
    front_ready_.wait(lock, [&] { return slots_.front()->state == Slot::kReady; });
  }
  std::unique_ptr<Slot> slot = std::move(slots_.front());
  slots_.pop_front();
  send_front(lock);
  return slot;
}

Batch Prefetcher::hand_out(Slot& slot) {
  if (slot.error) std::rethrow_exception(slot.error);
  if (slot.bad_rows > 0) {
    if (skipped_ == 0)
      log::warning("skipped a damaged sample (later ones are only counted): {}", slot.first_problem);
    skipped_ += slot.bad_rows;
  }
  Batch batch = slot.receive ? slot.receive() : std::move(slot.batch);
  batch.indices = usable_samples(slot);
  return batch;
}

std::vector<int64_t> Prefetcher::usable_samples(const Slot& slot) {
  std::vector<int64_t> indices;
  const size_t partners = slot.has_partner ? 1 : 0;
  for (size_t row = 0; row + partners < slot.samples.size(); ++row) {
    if (slot.usable[row]) indices.push_back(slot.samples[row].index);
  }
  return indices;
}

Batch Prefetcher::usable_rows(const Slot& slot) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < slot.batch.samples; ++row) {
    if (slot.usable[row]) rows.push_back(row);
  }
  const at::Tensor kept = at::tensor(rows, at::kLong);
  Batch batch;
  batch.samples = static_cast<int64_t>(rows.size());
  for (const auto& [name, tensor] : slot.batch.inputs) batch.inputs[name] = keep_rows(tensor, kept);
  batch.target = keep_rows(slot.batch.target, kept);
  return batch;
}

std::optional<Batch> Prefetcher::next() {
  const Stopwatch stopwatch;
  if (options_.threads == 0) {
    open_slot();
    if (!slots_.empty()) {
      Slot& slot = *slots_.front();
      load_rows({&slot, 0, static_cast<int64_t>(slot.samples.size())});
    }
  }
  const std::unique_ptr<Slot> slot = take_slot();
  if (slot && options_.threads > 0) open_slot();
  seconds_waited_ += stopwatch.seconds();
  if (!slot) return std::nullopt;
  return hand_out(*slot);
}

}  // namespace echelon::data
