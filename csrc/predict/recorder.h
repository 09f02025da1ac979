// Tells of a scoring job, on rank 0: metrics.jsonl and, on request, TensorBoard in the output folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/file.h"
#include "common/stage_clock.h"
#include "predict/output/batch_record.h"
#include "predict/settings.h"
#include "train/record/event_file.h"
#include "train/record/metrics_log.h"
#include "work/make_units.h"

namespace echelon::predict {

/// What a rank's threads have done, as numbers that may be summed (work::MakeOptions::measures).
std::vector<int64_t> measures_of(const StageTotals& totals);
StageTotals totals_of(const std::vector<int64_t>& measures);

/// "model 71 %, read 12 %, write 9 %, convert 8 %": shares of the time in which threads were at work, the
/// largest first, without those under 1 %; empty where there was none.
std::string render_stages(const StageTotals& totals);

class Recorder {
 public:
  /// `rows_before`: rows of the batches that are recorded; what the files say of later ones is dropped.
  Recorder(const LogSettings& settings, const fs::path& folder, int64_t rows_before);

  /// A record every so many seconds: "progress" with rows of the batch so far, rows_per_second, seconds_left,
  /// and of each stage its share of the threads' time at work, "model_share", ….
  void progress(const work::UnitProgress& all);
  /// A record of a batch that is done: "batch" with rows, errors, files, seconds, rows_per_second, shares.
  void batch(const BatchRecord& record, double seconds, const StageTotals& totals);

 private:
  void write(std::string_view kind, int64_t rows, const train::Scalars& values);

  LogSettings settings_;
  int64_t rows_before_;
  train::MetricsLog metrics_;
  std::unique_ptr<train::EventFile> events_;
  Stopwatch since_record_;
};

}  // namespace echelon::predict
