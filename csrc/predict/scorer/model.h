// The model of a checkpoint, ready to be asked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/file.h"
#include "predict/inference/inference.h"
#include "predict/settings.h"
#include "table/encoder.h"
#include "train/settings.h"

namespace echelon::predict {

struct LoadedModel {
  std::string origin;  ///< the checkpoint's folder
  std::string family;
  /// Equal for models that say the same: XXH3-128 of the configuration of the model and of the checksums of
  /// its files.
  std::string digest;
  train::TrainSettings training;  ///< what it was trained with
  train::Precision precision;     ///< in which it computes
  /// Null where the model reads no table.
  std::shared_ptr<const table::FeatureEncoder> encoder;
  std::vector<std::string> class_names;  ///< of a model of images; empty: they have none
  /// The file of its tokenizer: the checkpoint's copy, or what the settings say. Empty: there is none.
  std::string tokenizer;
  /// Of a language model in the passes of generate::LanguageStage, else in whole_passes().
  std::shared_ptr<Inference> inference;
};

/// The folder of the checkpoint that `path` means: itself, or of a run or a folder of checkpoints the best
/// one (checkpoint.best_by of the run), whose checksums are compared. Throws CheckpointError: there is none,
/// or it is damaged.
fs::path choose_checkpoint(const fs::path& path);

/// Of the checkpoint in the folder `settings.path`; `precision` not set: as it was trained. Throws
/// CheckpointError: it is damaged, or lacks what its model needs; ConfigError for a precision that its
/// weights cannot be used in.
LoadedModel load_model(const ScoredModel& settings, std::optional<train::Precision> precision,
                       const Placement& placement);

}  // namespace echelon::predict
