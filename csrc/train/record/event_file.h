// A TensorBoard event file: TFRecords of `Event` messages (tensorflow/core/util/event.proto), encoded here by
// hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/file.h"
#include "train/record/step_record.h"

namespace echelon::train {

class EventFile {
 public:
  /// Creates `folder`/events.out.tfevents.SECONDS.HOST.PID. When a run continues (resumed_step above 0),
  /// TensorBoard is told to forget what earlier files of the folder say about later steps. Throws `Error`
  /// that names the path.
  EventFile(const fs::path& folder, int64_t resumed_step);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// One event with a value a tag, "PREFIX/NAME"; handed to the system at once. TensorBoard stores float32.
  void scalars(int64_t step, std::string_view prefix, const Scalars& values);

  /// Shown under TensorBoard's TEXT tab, as Markdown.
  void text(int64_t step, std::string_view tag, std::string_view markdown);

  const fs::path& path() const { return path_; }

 private:
  void append(const std::string& event);

  fs::path path_;
  int descriptor_;
  bool failed_ = false;
};

}  // namespace echelon::train
