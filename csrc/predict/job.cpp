#include "predict/job.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "comm/text_exchange.h"
#include "common/clock.h"
#include "common/folder_lock.h"
#include "common/format.h"
#include "common/log.h"
#include "predict/output/output_state.h"
#include "predict/output/schema_json.h"
#include "predict/recorder.h"
#include "predict/source/open_source.h"
#include "predict/task.h"
#include "storage/patterns.h"
#include "storage/storage.h"
#include "work/inputs.h"
#include "work/job_text.h"
#include "work/make_units.h"

namespace echelon::predict {
namespace {

using work::Json;

/// Of `follow`: a look at all that was scored is a request for each, in an object store.
constexpr int64_t kWaitsBetweenLooksAtScored = 60;

/// What rank 0 says that all do next.
struct Next {
  std::vector<std::string> names;  ///< empty: nothing
  int64_t number = 0;              ///< of the batch
  std::optional<table::Schema> kept;
};

class Job {
 public:
  Job(const PredictSettings& settings, const JobModel& model, const JobOptions& options, Communicator& comm)
      : settings_(settings),
        model_(model),
        options_(options),
        comm_(comm),
        identity_{deciding_settings(settings), model.digest},
        storage_(settings.storage) {}

  ExitCode run() {
    run_on_root(comm_, [&] {
      fs::create_directories(settings_.output.folder);
      lock_.emplace(settings_.output.folder);
      state_.emplace(settings_, identity_);
    });
    handle_changed();
    for (int64_t waits = 1; !stopped();) {
      const Next next = choose_next();
      if (next.names.empty()) {
        if (settings_.mode != Mode::kFollow) return finished();
        wait_for_files();
        if (waits++ % kWaitsBetweenLooksAtScored == 0) warn_of_changed(find_changed());
      } else if (!score(next)) {
        break;
      } else if (settings_.mode == Mode::kOnce) {
        return ExitCode::kOk;  // all that were there
      }
    }
    if (settings_.mode == Mode::kFollow) return ExitCode::kOk;
    log::info("stopped by a signal; run the same command to go on");
    return ExitCode::kInterrupted;
  }

 private:
  /// Whether any rank was told to stop.
  bool stopped() {
    at::Tensor told = at::tensor({static_cast<int64_t>(options_.stop && options_.stop())}, at::kLong);
    comm_.all_reduce(told, Reduce::kSum, "told to stop")->wait();
    return told.item<int64_t>() > 0;
  }

  ExitCode finished() const {
    if (!scored_any_) log::info("{}: nothing is left to score", settings_.output.folder);
    return ExitCode::kOk;
  }

  /// The files that are there now, each once. Others are still to come, unless these are to be all.
  std::vector<std::string> expand() {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const config::InputPath& path : settings_.source.files) {
      for (const std::string& pattern : storage::expand_braces(path.path)) {
        try {
          for (std::string& name : expand_source(pattern, storage_))
            if (seen.insert(name).second) names.push_back(std::move(name));
        } catch (const storage::NoMatchError&) {
          if (settings_.mode == Mode::kOnce) throw;
        }
      }
    }
    return names;
  }

  static std::string dump(const Json& json) {
    try {
      return json.dump();
    } catch (const nlohmann::json::exception&) {
      throw DataError("source.files: the name of a file is no UTF-8, which the record must hold; rename it");
    }
  }

  Next choose_next() {
    const std::string chosen = text_of_root(comm_, [&] {
      Json json = {{"names", state_->next_batch(expand()).value_or(std::vector<std::string>())},
                   {"number", state_->next_number()},
                   {"kept", to_json(state_->kept())}};
      return dump(json);
    });
    const Json json = Json::parse(chosen);
    return {.names = json.at("names"), .number = json.at("number"), .kept = schema_from(json.at("kept"))};
  }

  /// False: it was stopped.
  bool score(const Next& next) {
    const Stopwatch watch;
    const Plan plan = make_plan(next.names, settings_, model_.scorer, next.kept, storage_, comm_);
    const OutputLayout layout{.kept = plan.kept.value_or(table::Schema()),
                              .made = model_.scorer.outputs(),
                              .version = model_.version,
                              .output = settings_.output};
    if (plan.kept) layout.check();
    StageClock clock;
    const PredictTask task(plan, layout, settings_, model_.scorer, storage_, next.number, options_.chunks,
                           clock);
    const std::string attempt =
        text_of_root(comm_, [&] { return state_->begin(job_of(task.inputs(), plan)); });
    const work::OutputFolder folder(work_folder_of(settings_.output.folder, attempt));
    if (comm_.rank() == 0 && !recorder_)
      recorder_.emplace(settings_.log, settings_.output.folder, state_->recorded("rows"));
    StageTotals totals;  // of all ranks
    const work::MakeOptions options{.threads = options_.threads,
                                    .shown = "rows",
                                    .stop = options_.stop,
                                    .measures = [&] { return measures_of(clock.totals()); },
                                    .told =
                                        [&](const work::UnitProgress& all) {
                                          totals = totals_of(all.measures);
                                          recorder_->progress(all);
                                        }};
    if (!work::make_units(task, folder, options, comm_)) return false;
    run_on_root(comm_, [&] { commit(task, folder, plan, next.number, watch.seconds(), totals); });
    scored_any_ = true;
    return true;
  }

  /// What a unit's number means is a part of it: which rows of which file.
  std::string job_of(std::vector<work::InputFile> inputs, const Plan& plan) const {
    std::string text = identity_.settings + "model_digest: " + identity_.model_digest + "\n";
    if (settings_.output.model_version) text += "model_version: " + model_.version + "\n";
    for (size_t i = 0; i < inputs.size(); ++i)
      inputs[i].version += str_format(" in {} rows", plan.files[i].rows());
    return work::render_job("predict", text, inputs);
  }

  void commit(const PredictTask& task, const work::OutputFolder& folder, const Plan& plan, int64_t number,
              double seconds, const StageTotals& totals) {
    BatchRecord record{.number = number,
                       .model_path = model_.path,
                       .model_digest = model_.digest,
                       .model_version = model_.version,
                       .settings = identity_.settings,
                       .kept = plan.kept,
                       .inputs = task.inputs(),
                       .counts = {{"rows", 0}, {"errors", 0}},
                       .files = {}};
    for (work::UnitOutput& unit : work::outputs_of_units(task, folder)) {
      work::add_counts(record.counts, unit.counts);
      std::ranges::move(unit.files, std::back_inserter(record.files));
    }
    state_->commit(record);
    recorder_->batch(record, seconds, totals);
    report(record, seconds, totals);
  }

  void report(const BatchRecord& record, double seconds, const StageTotals& totals) const {
    const auto rows = static_cast<double>(record.counts.at("rows"));
    log::info(
        "{}: {} rows of {} files scored in {} ({}/s){}", settings_.output.folder, record.counts.at("rows"),
        record.inputs.size(), human_seconds(seconds), human_count(rows / std::max(seconds, 1e-3)),
        record.counts.at("errors") == 0 ? ""
                                        : str_format("; {} rows could not be scored: see {}/errors",
                                                     record.counts.at("errors"), settings_.output.folder));
    if (const std::string stages = render_stages(totals); !stages.empty())
      log::info("time of the threads at work: {}", stages);
  }

  /// Files that were scored and are others now, but for those that were told of as they are.
  std::vector<std::string> find_changed() {
    const std::string before = text_of_root(comm_, [&] {
      Json inputs = Json::array();
      if (state_->records().empty()) return dump(inputs);
      const std::vector<std::string> found = expand();
      const std::set<std::string> there(found.begin(), found.end());
      for (const BatchRecord& record : state_->records()) {
        for (const work::InputFile& input : record.inputs)
          if (there.contains(input.name)) inputs.push_back({input.name, input.bytes, input.version});
      }
      return dump(inputs);
    });
    std::vector<std::string> names;
    const Json inputs = Json::parse(before);
    for (const Json& input : inputs) names.push_back(input.at(0));
    const std::vector<work::SeenInput> seen =
        work::look_at_inputs(names, storage_, comm_, {}, [](const DataError&) { return Json::object(); });
    std::vector<std::string> changed;
    for (size_t i = 0; i < seen.size(); ++i) {
      const work::InputFile& file = seen[i].file;
      if (file.bytes == inputs[i].at(1) && file.version == inputs[i].at(2)) continue;
      const std::string now = str_format("{} {}", file.bytes, file.version);
      if (std::exchange(told_[names[i]], now) != now) changed.push_back(names[i]);
    }
    return changed;
  }

  static std::string render_changed(const std::vector<std::string>& changed) {
    return str_format("{} of the files have changed since they were scored, {} the first", changed.size(),
                      changed.front());
  }

  /// What was made of them stays, and the user is told.
  void warn_of_changed(const std::vector<std::string>& changed) const {
    if (!changed.empty() && comm_.rank() == 0)
      log::warning("{}; what was made of them stays as it is", render_changed(changed));
  }

  void handle_changed() {
    const std::vector<std::string> changed = find_changed();
    if (changed.empty()) return;
    if (settings_.output.overwrite) {
      if (comm_.rank() == 0)
        log::info("{}; all is scored anew, as output.overwrite asks for", render_changed(changed));
      return run_on_root(comm_, [&] { state_->start_anew(); });
    }
    if (settings_.mode == Mode::kOnce)
      throw ConfigError(render_changed(changed) + "; set output.overwrite: true to score all anew");
    warn_of_changed(changed);
  }

  /// As many looks on every rank, so that all hear of a signal to one.
  void wait_for_files() {
    constexpr double kSecondsBetweenLooks = 0.25;
    for (double left = settings_.poll_seconds; left > 0 && !stopped(); left -= kSecondsBetweenLooks)
      std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kSecondsBetweenLooks)));
  }

  const PredictSettings& settings_;
  const JobModel& model_;
  const JobOptions& options_;
  Communicator& comm_;
  JobIdentity identity_;
  storage::Storage storage_;
  bool scored_any_ = false;
  std::map<std::string, std::string> told_;  ///< of changed files: what they were when it was told
  std::optional<FolderLock> lock_;           // rank 0's
  std::optional<OutputState> state_;         // rank 0's
  std::optional<Recorder> recorder_;         // rank 0's
};

}  // namespace

ExitCode run_job(const PredictSettings& settings, const JobModel& model, const JobOptions& options,
                 Communicator& comm) {
  return Job(settings, model, options, comm).run();
}

}  // namespace echelon::predict
