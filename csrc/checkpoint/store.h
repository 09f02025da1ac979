// Writing of checkpoints: one process of the job (rank 0) has the store; others may write files of a
// checkpoint.
//
// A checkpoint is written to `step-00000100.tmp-PID`, every file and the folder synced, then renamed to
// `step-00000100` and the parent synced. So at any moment, whatever is killed or pulled, every folder without
// `.tmp-` in its name is complete, and the checkpoint before is there until the new one is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/manifest.h"
#include "checkpoint/safetensors.h"
#include "common/file.h"
#include "common/folder_lock.h"

namespace echelon::checkpoint {

/// Which checkpoints stay when a new one is written: the union of the newest and the best.
struct Retention {
  int64_t newest = 2;  ///< at least 1
  int64_t best = 0;
  std::string metric =
      "loss";  ///< a key of Manifest::metrics; checkpoints without it, or not finite, are never best
  bool higher_is_better = false;
};

/// What a process has of a checkpoint. Tensors are read while they are written and may lie on a GPU. Where
/// there is nothing of a kind, no file is written.
struct Contents {
  Manifest manifest;  ///< of the process that has the store
  NamedTensors model;
  NamedTensors optimizer;
  NamedTensors average;
  std::map<std::string, std::string> texts;  ///< by the name of the file: kFeaturesFile, kTokenizerFile
  FilePart part;                             ///< this process's of the files of model and average
  FilePart optimizer_part;                   ///< and of those of the optimizer
};

/// Writes and syncs the files of `contents` (not the manifest) into `folder`, and describes them. Throws
/// CheckpointError.
std::vector<StoredFile> write_files(const fs::path& folder, const Contents& contents);

class Store {
 public:
  /// Creates `folder`, locks it (folder_lock.h), and removes what writers that died have left behind.
  Store(fs::path folder, Retention retention);

  /// Writes a checkpoint, then removes those that need not be kept; returns its folder. One of the same step
  /// is replaced. If it fails (disk full), nothing of it stays, the earlier ones are untouched, and
  /// CheckpointError is thrown.
  fs::path save(const Contents& contents);

  /// The same in steps, for several writers: makes the folder that the files are to be written to; puts the
  /// checkpoint of all `files` in place; or removes what was written and throws CheckpointError with the
  /// reason.
  fs::path begin(int64_t step);
  fs::path commit(const Manifest& manifest, const std::vector<StoredFile>& files);
  [[noreturn]] void give_up(int64_t step, const std::string& reason);

  /// Renames checkpoints of later steps to `step-N.aside-K`, which are not found by resuming and never
  /// removed: for a run that goes on from an earlier step than its newest. Returns how many.
  int64_t set_aside_after(int64_t step);

  const fs::path& folder() const { return folder_; }

 private:
  fs::path path_of(int64_t step) const { return folder_ / step_folder_name(step); }
  void prune() const;

  fs::path folder_;
  Retention retention_;
  FolderLock lock_;
};

}  // namespace echelon::checkpoint
