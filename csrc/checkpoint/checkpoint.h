// Reading of checkpoints: folders `step-00000100` with a manifest and safetensors files. Any number of
// processes may read; none of these functions changes anything on disk. Every error is a CheckpointError that
// names the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/manifest.h"
#include "checkpoint/safetensors.h"
#include "common/file.h"

namespace echelon::checkpoint {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kModelFile = "model.safetensors";          ///< parameters and buffers
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";  ///< absent when there is no state
inline constexpr const char* kAverageFile = "ema.safetensors";          ///< present when weights are averaged

/// One checkpoint whose manifest is sound and whose files have the sizes that it states.
class Checkpoint {
 public:
  explicit Checkpoint(fs::path folder);

  const fs::path& folder() const { return folder_; }
  const Manifest& manifest() const { return manifest_; }
  bool has(const std::string& file) const;
  SafetensorsFile open(const std::string& file) const;

  /// Reads every file and compares its checksum with the manifest's.
  void verify() const;

 private:
  fs::path folder_;
  Manifest manifest_;
};

/// The newest intact (verified) checkpoint in a folder of checkpoints; none if there are none, or no such
/// folder. Damaged ones on the way are told as warnings; if all are damaged it throws rather than let a run
/// start anew.
std::optional<Checkpoint> find_newest(const fs::path& folder);

/// What a user named: a checkpoint, or a folder of checkpoints, or a run's folder, of which the newest is
/// meant. Verified; damage is an error, without fallback.
Checkpoint open_checkpoint(const fs::path& path);

/// A checkpoint's folder, found by its name only.
struct StepFolder {
  int64_t step;
  fs::path path;
};
std::vector<StepFolder> list_step_folders(const fs::path& folder);  ///< oldest first; temporary ones left out
std::string step_folder_name(int64_t step);

}  // namespace echelon::checkpoint
