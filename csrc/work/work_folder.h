// The state of work that is not finished: a folder beside what is made. It says of what and how files are
// made, which units are done, and who is at which unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/file.h"
#include "work/unit_output.h"

namespace echelon::work {

class WorkFolder {
 public:
  /// `output`: where the files are to be; `path`: this folder, on the same file system; `attempt`: that of
  /// the rank that began or released it.
  WorkFolder(fs::path output, fs::path path, std::string attempt = {});

  const fs::path& output() const { return output_; }
  const fs::path& path() const { return path_; }
  /// What claims and files being written belong to: those of earlier attempts, whose ranks may not be dead
  /// yet, count for nothing and cannot become results any more.
  const std::string& attempt() const { return attempt_; }
  /// Where files are written.
  fs::path fresh() const { return path_ / ("new." + attempt_); }

  bool exists() const { return fs::exists(path_ / "job.json"); }
  /// What was begun here: render_job().
  std::string job() const { return read_file(path_ / "job.json"); }

  /// Begins one, and an attempt at it.
  void begin(const std::string& job);
  /// Begins another attempt, which goes on with what is done.
  void release();

  /// True for the one caller, of all threads of all ranks, that is to make the unit.
  bool claim(int64_t unit) const;
  /// What a unit made, if it is done and its files are there.
  std::optional<UnitOutput> output_of(int64_t unit) const;
  /// Says that it is done. Its files are in place.
  void record(int64_t unit, const UnitOutput& output) const;

  /// Says that a file of this name may come to be in the output folder, or is there already.
  void note(const std::string& name) const;

  /// Removes it, with what it says was made or may have been; or itself alone.
  void discard() const;
  void remove() const;
  /// Removes a file of the output folder, and the folders that are empty then.
  void remove_file(const fs::path& name) const;

 private:
  fs::path record_path(int64_t unit) const;
  fs::path claims() const { return path_ / ("claims." + attempt_); }
  void end_attempts() const;

  fs::path output_, path_;
  std::string attempt_;
};

std::string render_output(const UnitOutput& output);
UnitOutput parse_output(const std::string& text, const std::string& name);

}  // namespace echelon::work
