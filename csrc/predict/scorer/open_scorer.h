// From the settings to what scores rows.
#pragma once

#include <memory>
#include <string>

#include "predict/inference/inference.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon::predict {

struct OpenedScorer {
  std::unique_ptr<Scorer> scorer;
  std::shared_ptr<Inference> inference;  ///< of the scorer; null where it has none
  std::string path;                      ///< where the model lies
  std::string family;                    ///< "mlp", "bert", "TorchScript", "compiled package", …
  /// Equal for models that say the same: XXH3-128 of what decides it.
  std::string digest;
};

/// Where the model lies that `path` names: a file or a Hugging Face folder (config.json) itself, else the
/// folder of a checkpoint. Throws CheckpointError: there is none, or it is damaged.
std::string resolve_model(const std::string& path);

/// Of the model at `settings.model.path`, which resolve_model() gave. Throws CheckpointError: it
/// is damaged, or lacks what its model needs; ConfigError for settings that do not fit it.
OpenedScorer open_scorer(const PredictSettings& settings, const Placement& placement);

}  // namespace echelon::predict
