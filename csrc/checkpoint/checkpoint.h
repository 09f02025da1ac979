// Reading of checkpoints: folders `step-00000100` with a manifest and safetensors files. Any number of
// processes may read; none of these functions changes anything on disk. Every error is a CheckpointError that
// names the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/logical_tensors.h"
#include "checkpoint/manifest.h"
#include "checkpoint/safetensors.h"
#include "common/file.h"

namespace echelon::checkpoint {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kModelFile = "model.safetensors";          ///< parameters and buffers
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";  ///< absent when there is no state
inline constexpr const char* kAverageFile = "ema.safetensors";          ///< present when weights are averaged
inline constexpr const char* kFeaturesFile = "features.json";           ///< of tables: table/encoder_file.h
inline constexpr const char* kTokenizerFile = "tokenizer";  ///< of texts: the file that data.tokenizer named
inline constexpr const char* kClassesFile =
    "classes.json";  ///< of images: names in a list, where they have any

/// Which of how many files of a kind; the only one has no number in its name.
struct FilePart {
  int number = 0;
  int count = 1;
};

/// "model.safetensors", part 1 of 4: "model-00002-of-00004.safetensors".
std::string part_file_name(const std::string& file, FilePart part);

/// One checkpoint whose manifest is sound and whose files have the sizes that it states.
class Checkpoint {
 public:
  explicit Checkpoint(fs::path folder);

  const fs::path& folder() const { return folder_; }
  const Manifest& manifest() const { return manifest_; }
  /// Whether `file` is there, whole or in parts ("model-00001-of-00002.safetensors").
  bool has(const std::string& file) const;
  /// One file that the manifest lists.
  SafetensorsFile open(const std::string& file) const;
  /// What `file` holds, be it whole or in the parts that the manifest lists. Throws CheckpointError where
  /// there are none.
  LogicalTensors tensors(const std::string& file) const;

  /// The content of a file that the manifest lists and that is no tensor file.
  std::string text(const std::string& file) const;

  /// Reads every file and compares its checksum with the manifest's.
  void verify() const;

 private:
  /// The names of its parts.
  std::vector<std::string> parts_of(const std::string& file) const;

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
