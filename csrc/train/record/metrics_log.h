// metrics.jsonl: one JSON object a line, for any tool to read while the run goes on.
//   {"kind":"step","step":100,"time":1769904000.1,"loss":0.43,"lr":0.001,…}
//   {"kind":"evaluation","step":100,"time":1769904000.9,"loss":0.31,"accuracy":0.97}
// `time` is in seconds since 1970; a value that is not finite is null.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/file.h"
#include "train/record/step_record.h"

namespace echelon::train {

class MetricsLog {
 public:
  /// Opens `path` to append. What a run that continues from `resumed_step` will write anew is dropped first:
  /// records of later steps, and a last line that a crash cut off. Throws `Error` that names the path.
  MetricsLog(const fs::path& path, int64_t resumed_step);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Appends one line, handed to the system at once. A disk that is full is told once as a warning: a run
  /// does not end for its diary.
  void write(std::string_view kind, int64_t step, const Scalars& values);

 private:
  fs::path path_;
  int descriptor_;
  bool failed_ = false;
};

}  // namespace echelon::train
