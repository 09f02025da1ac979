// Where the files of units are made.
#pragma once

#include <memory>
#include <string>

#include "work/new_file.h"
#include "work/work_folder.h"

namespace echelon::work {

/// Where files are made. Thread-safe.
class OutputFolder {
 public:
  explicit OutputFolder(WorkFolder work) : work_(std::move(work)) {}
  const fs::path& path() const { return work_.output(); }
  const WorkFolder& work() const { return work_; }

  /// A file that belongs to the result. `name` may hold folders.
  std::unique_ptr<NewFile> create(const std::string& name) const;
  /// A file that serves later units or finish(), and is gone at the end; `path` gives its place.
  std::unique_ptr<NewFile> create_intermediate(const std::string& name) const;
  fs::path intermediate(const std::string& name) const;

 private:
  WorkFolder work_;
};

}  // namespace echelon::work
