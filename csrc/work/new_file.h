// A file of the output folder while it is written: complete under its name, or absent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/output_file.h"
#include "work/stored_file.h"

namespace echelon::work {

/// Every function throws `Error` (ExitCode::kData) that names the file and the reason, and never a DataError:
/// a disk that is full is no damaged sample, which may be skipped. Whatever happens before
/// commit(), nothing stays.
class NewFile {
 public:
  /// Will be `folder`/`name`, which may hold folders of its own; until then it lies in `work`, on the same
  /// file system, under a name of its own: a writer of an earlier attempt may not be dead yet.
  NewFile(fs::path folder, const fs::path& work, std::string name);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view bytes) { write(std::as_bytes(std::span(bytes))); }
  int64_t bytes() const { return static_cast<int64_t>(file_.bytes()); }

  /// Syncs it and gives it its name. The last call.
  StoredFile commit();

 private:
  fs::path folder_, temporary_;
  std::string name_;
  OutputFile file_;
  bool committed_ = false;
};

}  // namespace echelon::work
