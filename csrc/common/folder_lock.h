// One writer a folder.
#pragma once

#include "common/file.h"

namespace echelon {

/// Holds the folder's `.lock` file locked (flock) until destroyed; the system lets go of it when the process
/// dies, however it dies. Throws `Error` (ExitCode::kData) that names the holder when another process has it.
/// A file system without locks gives none.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace echelon
