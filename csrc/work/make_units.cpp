#include "work/make_units.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "comm/text_exchange.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "common/progress_bar.h"
#include "work/json_parts.h"
#include "work/unit_runner.h"

namespace echelon::work {
namespace {

constexpr double kSecondsBetweenLooks = 0.25;
constexpr double kSecondsBetweenLines = 10;

/// How far all ranks together are.
struct Standing {
  int64_t working = 0;  ///< ranks
  int64_t made = 0;     ///< units, in this attempt
  int64_t shown = 0;    ///< of MakeOptions::shown, in them
  int64_t failed = 0;   ///< ranks
  int64_t stopped = 0;  ///< ranks that were told to stop
};

Standing agree(Communicator& comm, const Standing& own) {
  const at::Tensor sum = at::tensor({own.working, own.made, own.shown, own.failed, own.stopped}, at::kLong);
  comm.all_reduce(sum, Reduce::kSum, "units made")->wait();
  const auto* values = sum.const_data_ptr<int64_t>();
  return {values[0], values[1], values[2], values[3], values[4]};
}

/// What rank 0 shows.
class Progress {
 public:
  Progress(int64_t units, int64_t done_before, std::string shown)
      : units_(units), before_(done_before), shown_(std::move(shown)) {}

  void show(const Standing& all) {
    const std::string facts = describe(all);
    const int64_t done = before_ + all.made;
    bar_.show(static_cast<double>(done) / static_cast<double>(std::max<int64_t>(units_, 1)), facts);
    if (since_line_.seconds() < kSecondsBetweenLines) return;
    log::write_info(facts);
    since_line_.restart();
  }

 private:
  std::string describe(const Standing& all) const {
    const int64_t done = before_ + all.made;
    std::string facts = str_format("{} of {} units", done, units_);
    if (all.made == 0) return facts;
    const double seconds = watch_.seconds();
    if (!shown_.empty())
      facts += str_format(", {} {} ({}/s)", human_count(static_cast<double>(all.shown)), shown_,
                          human_count(static_cast<double>(all.shown) / std::max(seconds, 1e-3)));
    const double left = seconds / static_cast<double>(all.made) * static_cast<double>(units_ - done);
    return facts + ", left " + human_seconds(left);
  }

  int64_t units_, before_;
  std::string shown_;
  ProgressBar bar_;
  Stopwatch watch_, since_line_;
};

std::string render_failure(const UnitFailure& failure) {
  return Json(
             {{"unit", failure.unit}, {"code", static_cast<int>(failure.code)}, {"message", failure.message}})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Throws on every rank what the first unit to fail threw.
[[noreturn]] void throw_first(const std::optional<UnitFailure>& own, Communicator& comm) {
  std::optional<UnitFailure> first;
  for (const std::string& text : gather_texts(comm, own ? render_failure(*own) : "", "failures")) {
    if (text.empty()) continue;
    const Json json = Json::parse(text);
    if (first && first->unit <= json.at("unit")) continue;
    first = {json.at("unit"), static_cast<ExitCode>(json.at("code").get<int>()), json.at("message")};
  }
  throw Error(first->code, first->message);
}

int64_t units_done(const WorkFolder& work, int64_t units) {
  int64_t done = 0;
  for (int64_t unit = 0; unit < units; ++unit) done += work.output_of(unit).has_value();
  return done;
}

/// How many were done before this attempt, as rank 0 sees it: a rank that is quick may be at work already.
int64_t count_done(const Task& task, const OutputFolder& folder, Communicator& comm) {
  const int64_t done = std::stoll(
      text_of_root(comm, [&] { return str_format("{}", units_done(folder.work(), task.units())); }));
  if (done > 0) log::info("going on: {} of {} units are done", done, task.units());
  return done;
}

}  // namespace

bool make_units(const Task& task, const OutputFolder& folder, const MakeOptions& options,
                Communicator& comm) {
  const int64_t done_before = count_done(task, folder, comm);
  UnitRunner runner(task, folder, options.threads, static_cast<double>(comm.rank()) / comm.size());
  std::optional<Progress> progress;
  if (comm.rank() == 0) progress.emplace(task.units(), done_before, options.shown);
  bool stopping = false;
  for (;;) {
    const bool ended = runner.wait(kSecondsBetweenLooks);
    const Standing all = agree(comm, {.working = !ended,
                                      .made = runner.made(),
                                      .shown = runner.counted(options.shown),
                                      .failed = runner.failure().has_value(),
                                      .stopped = options.stop && options.stop()});
    stopping = stopping || all.stopped > 0;
    if (all.failed > 0 || stopping) runner.stop();
    if (progress) progress->show(all);
    if (all.working > 0) continue;
    if (all.failed > 0) throw_first(runner.failure(), comm);
    return !stopping || done_before + all.made == task.units();
  }
}

std::vector<UnitOutput> outputs_of_units(const Task& task, const OutputFolder& folder) {
  std::vector<UnitOutput> units;
  for (int64_t unit = 0; unit < task.units(); ++unit) {
    std::optional<UnitOutput> output = folder.work().output_of(unit);
    if (!output) {  // claimed by a rank of an earlier attempt that died only now
      output = task.make(unit, folder);
      folder.work().record(unit, *output);
    }
    units.push_back(std::move(*output));
  }
  return units;
}

}  // namespace echelon::work
