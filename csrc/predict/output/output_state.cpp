#include "predict/output/output_state.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "work/job_text.h"

namespace echelon::predict {
namespace {

/// What is told of the job (recorder.h), which no one takes for predictions.
bool is_diary(std::string_view name) {
  return name == "metrics.jsonl" || name.starts_with("events.out.tfevents.");
}

constexpr const char* kAdvice = "; choose another output.folder, or set output.overwrite: true";

}  // namespace

work::WorkFolder work_folder_of(const fs::path& output, const std::string& attempt) {
  return {output, output / ".predict", attempt};
}

OutputState::OutputState(const PredictSettings& settings, const JobIdentity& identity)
    : settings_(settings), folder_(settings.output.folder), work_(work_folder_of(folder_)) {
  try {
    records_ = read_records(folder_);
    require_fit(identity);
  } catch (const Error& error) {
    if (!settings_.output.overwrite) throw;
    log::info("{}; it is removed, as output.overwrite asks for", error.what());
    start_anew();
  }
  if (records_.empty() && !work_.exists()) {
    if (settings_.output.overwrite) start_anew();  // what was being removed when it was killed
    require_no_strangers();
  }
  for (const BatchRecord& record : records_)
    for (const work::InputFile& input : record.inputs) scored_.insert(input.name);
  // Left by who died between the record and its removal, or in its removal.
  if (!work_.exists() || is_recorded()) work_.remove();
}

int64_t OutputState::recorded(const std::string& count) const {
  int64_t sum = 0;
  for (const BatchRecord& record : records_) sum += record.counts.at(count);
  return sum;
}

std::optional<table::Schema> OutputState::kept() const {
  for (const BatchRecord& record : records_)
    if (record.kept) return record.kept;
  return std::nullopt;
}

/// Whether the batch in the work folder is done: files are scored once.
bool OutputState::is_recorded() const {
  if (!work_.exists()) return false;
  const std::vector<work::InputFile> inputs = work::inputs_of_job(work_.job());
  return !inputs.empty() && scored_.contains(inputs.front().name);
}

void OutputState::require_fit(const JobIdentity& identity) const {
  if (records_.empty()) return;
  const BatchRecord& last = records_.back();
  const auto job = [](const std::string& text) { return work::render_job("predict", text, {}); };
  if (last.settings != identity.settings)
    throw ConfigError(str_format("output: {} was made otherwise ({}){}", folder_.string(),
                                 work::difference(job(identity.settings), job(last.settings)), kAdvice));
  if (last.model_digest == identity.model_digest || settings_.output.allow_other_model) return;
  throw ConfigError(
      str_format("output: {} was scored by another model ({}, digest {}, now {}); choose another "
                 "output.folder, or set output.allow_other_model: true to add to it",
                 folder_.string(), last.model_path, last.model_digest.substr(0, 12),
                 identity.model_digest.substr(0, 12)));
}

/// Other files would be taken for predictions.
void OutputState::require_no_strangers() const {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name == ".lock" || name == ".predict" || is_diary(name) ||
        (entry.is_directory() && fs::is_empty(entry.path())))
      continue;
    throw ConfigError(str_format("output: {} holds {}, which no scoring made; choose an empty folder",
                                 folder_.string(), name));
  }
}

/// The records first: what is no longer whole must not look so.
void OutputState::start_anew() {
  work_.discard();
  fs::remove_all(folder_ / "manifest");
  for (const char* made : {"predictions", "errors"}) {
    if (!fs::exists(folder_ / made)) continue;
    std::vector<fs::path> names;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_ / made)) {
      if (!entry.is_directory() && entry.path().filename().string().starts_with("part-"))
        names.push_back(entry.path().lexically_relative(folder_));
    }
    for (const fs::path& name : names) work_.remove_file(name);
  }
  records_.clear();
  scored_.clear();
}

std::vector<std::string> OutputState::unscored(const std::vector<std::string>& found) const {
  std::vector<std::string> names;
  std::ranges::copy_if(found, std::back_inserter(names),
                       [&](const std::string& name) { return !scored_.contains(name); });
  return names;
}

std::optional<std::vector<std::string>> OutputState::next_batch(const std::vector<std::string>& found) {
  if (work_.exists()) {
    std::vector<std::string> names;
    for (const work::InputFile& input : work::inputs_of_job(work_.job())) names.push_back(input.name);
    const std::set<std::string> there(found.begin(), found.end());
    if (std::ranges::all_of(names, [&](const std::string& name) { return there.contains(name); }))
      return names;
    log::warning("{}: files of the batch that was begun are gone; it begins anew", folder_.string());
    work_.discard();
  }
  std::vector<std::string> fresh = unscored(found);
  if (fresh.empty()) return std::nullopt;
  if (settings_.mode == Mode::kOnce && !records_.empty()) {
    if (!settings_.output.overwrite)
      throw ConfigError(str_format(
          "{} of the files are new since {} was scored, {} the first; set mode: incremental to add them, or "
          "output.overwrite: true",
          fresh.size(), folder_.string(), fresh.front()));
    start_anew();
    return found;
  }
  if (settings_.mode != Mode::kOnce)
    fresh.resize(std::min(fresh.size(), static_cast<size_t>(settings_.max_files)));
  return fresh;
}

std::string OutputState::begin(const std::string& job) {
  if (work_.exists() && work_.job() == job) {
    work_.release();
    return work_.attempt();
  }
  if (work_.exists()) {
    const std::string other = work::difference(job, work_.job());
    if (!settings_.output.overwrite && !work::differ_in_inputs_only(job, work_.job()))
      throw ConfigError(
          str_format("output: in {} another scoring was begun ({}){}", folder_.string(), other, kAdvice));
    log::info("{}: the batch that was begun begins anew ({})", folder_.string(), other);
    work_.discard();
  } else {
    work_.remove();  // what it may name belongs to a batch that is recorded
  }
  work_.begin(job);
  return work_.attempt();
}

void OutputState::commit(BatchRecord record) {
  write_record(folder_, record);
  work_.remove();
  for (const work::InputFile& input : record.inputs) scored_.insert(input.name);
  records_.push_back(std::move(record));
}

}  // namespace echelon::predict
