// Writing of checkpoints, by one process of the job (rank 0).
//
// A checkpoint is written to `step-00000100.tmp-PID`, every file and the folder synced, then renamed to
// `step-00000100` and the parent synced. So at any moment, whatever is killed or pulled, every folder without
// `.tmp-` in its name is complete, and the checkpoint before is there until the new one is.
#pragma once

#include <cstdint>
#include <string>

#include "checkpoint/checkpoint.h"
#include "checkpoint/folder_lock.h"
#include "checkpoint/manifest.h"
#include "checkpoint/safetensors.h"
#include "common/file.h"

namespace echelon::checkpoint {

/// Which checkpoints stay when a new one is written: the union of the newest and the best.
struct Retention {
  int64_t newest = 2;  ///< at least 1
  int64_t best = 0;
  std::string metric =
      "loss";  ///< a key of Manifest::metrics; checkpoints without it, or not finite, are never best
  bool higher_is_better = false;
};

/// What a checkpoint holds. Tensors are read while save() runs and may lie on a GPU.
struct Contents {
  Manifest manifest;
  NamedTensors model;
  NamedTensors optimizer;  ///< empty: no file
  NamedTensors average;    ///< empty: no file
};

class Store {
 public:
  /// Creates `folder`, locks it (folder_lock.h), and removes what writers that died have left behind.
  Store(fs::path folder, Retention retention);

  /// Writes a checkpoint, then removes those that need not be kept; returns its folder. One of the same step
  /// is replaced. If it fails (disk full), nothing of it stays, the earlier ones are untouched, and
  /// CheckpointError is thrown.
  fs::path save(const Contents& contents);

  /// Renames checkpoints of later steps to `step-N.aside-K`, which are not found by resuming and never
  /// removed: for a run that goes on from an earlier step than its newest. Returns how many.
  int64_t set_aside_after(int64_t step);

  const fs::path& folder() const { return folder_; }

 private:
  void write(const fs::path& temporary, const Contents& contents) const;
  void prune() const;

  fs::path folder_;
  Retention retention_;
  FolderLock lock_;
};

}  // namespace echelon::checkpoint
