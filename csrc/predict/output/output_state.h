// What the output folder holds already, and what is to be done next in it. Rank 0's, who holds the folder's
// lock.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "predict/output/batch_record.h"
#include "predict/settings.h"
#include "work/work_folder.h"

namespace echelon::predict {

/// The state of a batch that is not finished: `.predict` in the output folder.
work::WorkFolder work_folder_of(const fs::path& output, const std::string& attempt = {});

/// What this job would write into a record, of any batch.
struct JobIdentity {
  std::string settings;
  std::string model_digest;
};

class OutputState {
 public:
  /// Reads it. Throws ConfigError where the folder holds what other settings, another model or someone else
  /// has made, and `output.overwrite` is not set; then DataError where a record is damaged.
  OutputState(const PredictSettings& settings, const JobIdentity& identity);

  const std::vector<BatchRecord>& records() const { return records_; }
  /// The sum of a count over all records.
  int64_t recorded(const std::string& count) const;
  /// The columns that earlier batches kept; none: none was chosen yet.
  std::optional<table::Schema> kept() const;
  int64_t next_number() const { return static_cast<int64_t>(records_.size()) + 1; }

  /// The files of the batch to do next, of those that `found` are there now: those of one that was begun,
  /// else by the mode. Nothing: there is nothing to do. Throws ConfigError in Mode::kOnce where the files are
  /// others than those that were scored.
  std::optional<std::vector<std::string>> next_batch(const std::vector<std::string>& found);

  /// Removes what was made, and its records.
  void start_anew();

  /// Makes the work folder ready for an attempt at the batch `job` (work::render_job), and gives its name.
  /// One that was begun with inputs that have changed since begins anew: nothing of it is recorded. Throws
  /// ConfigError where it was of other settings or another model.
  std::string begin(const std::string& job);
  /// Records it: from here on the batch is done.
  void commit(BatchRecord record);

 private:
  void require_fit(const JobIdentity& identity) const;
  void require_no_strangers() const;
  bool is_recorded() const;
  std::vector<std::string> unscored(const std::vector<std::string>& found) const;

  const PredictSettings& settings_;
  fs::path folder_;
  work::WorkFolder work_;
  std::vector<BatchRecord> records_;
  std::set<std::string> scored_;  ///< names of files
};

}  // namespace echelon::predict
