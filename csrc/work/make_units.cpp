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

/// Of a rank, or of all of them together.
struct Standing {
  int64_t working = 0;  ///< ranks
  int64_t made = 0;     ///< units, in this attempt
  int64_t shown = 0;    ///< of MakeOptions::shown, in them
  int64_t failed = 0;   ///< ranks
  int64_t stopped = 0;  ///< ranks that were told to stop
  std::vector<int64_t> measures{};
};

Standing agree(Communicator& comm, const Standing& own) {
  std::vector<int64_t> numbers{own.working, own.made, own.shown, own.failed, own.stopped};
  numbers.insert(numbers.end(), own.measures.begin(), own.measures.end());
  const at::Tensor sum = at::tensor(numbers, at::kLong);
  comm.all_reduce(sum, Reduce::kSum, "units made")->wait();
  const auto* values = sum.const_data_ptr<int64_t>();
  return {values[0], values[1], values[2], values[3], values[4], {values + 5, values + sum.numel()}};
}

/// What rank 0 shows.
class Progress {
 public:
  explicit Progress(std::string shown) : shown_(std::move(shown)) {}

  void show(const UnitProgress& all) {
    const std::string facts = describe(all);
    bar_.show(static_cast<double>(all.done) / static_cast<double>(std::max<int64_t>(all.units, 1)), facts);
    if (since_line_.seconds() < kSecondsBetweenLines) return;
    log::write_info(facts);
    since_line_.restart();
  }

 private:
  std::string describe(const UnitProgress& all) const {
    std::string facts = str_format("{} of {} units", all.done, all.units);
    if (all.made == 0) return facts;
    if (!shown_.empty())
      facts += str_format(", {} {} ({}/s)", human_count(static_cast<double>(all.shown)), shown_,
                          human_count(all.shown_per_second()));
    return facts + ", left " + human_seconds(all.seconds_left());
  }

  std::string shown_;
  ProgressBar bar_;
  Stopwatch since_line_;
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

double UnitProgress::shown_per_second() const {
  return static_cast<double>(shown) / std::max(seconds, 1e-3);
}

double UnitProgress::seconds_left() const {
  return made == 0 ? 0 : seconds / static_cast<double>(made) * static_cast<double>(units - done);
}

bool make_units(const Task& task, const OutputFolder& folder, const MakeOptions& options,
                Communicator& comm) {
  const int64_t done_before = count_done(task, folder, comm);
  UnitRunner runner(task, folder, options.threads, static_cast<double>(comm.rank()) / comm.size());
  const Stopwatch watch;
  Progress progress(options.shown);
  bool stopping = false;
  for (;;) {
    const bool ended = runner.wait(kSecondsBetweenLooks);
    const Standing all =
        agree(comm, {.working = !ended,
                     .made = runner.made(),
                     .shown = runner.counted(options.shown),
                     .failed = runner.failure().has_value(),
                     .stopped = options.stop && options.stop(),
                     .measures = options.measures ? options.measures() : std::vector<int64_t>{}});
    stopping = stopping || all.stopped > 0;
    if (all.failed > 0 || stopping) runner.stop();
    if (comm.rank() == 0) {
      const UnitProgress standing{.units = task.units(),
                                  .done = done_before + all.made,
                                  .made = all.made,
                                  .shown = all.shown,
                                  .seconds = watch.seconds(),
                                  .measures = all.measures};
      progress.show(standing);
      if (options.told) options.told(standing);
    }
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
