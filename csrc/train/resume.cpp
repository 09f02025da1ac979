#include "train/resume.h"

#include <cmath>
#include <optional>

#include "checkpoint/checkpoint.h"
#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"
#include "train/metrics.h"

namespace echelon::train {

fs::path choose_checkpoint(const TrainSettings& settings, const fs::path& run_directory, Communicator& comm) {
  if (settings.checkpoint.resume == "never") return {};
  return text_of_root(comm, [&]() -> std::string {
    if (settings.checkpoint.resume != "auto")
      return checkpoint::open_checkpoint(settings.checkpoint.resume).folder().string();
    const auto newest = checkpoint::find_newest(run_directory / kCheckpointsFolder);
    return newest ? newest->folder().string() : std::string();
  });
}

data::StoredFeatures stored_features(const TrainSettings& settings, const fs::path& folder) {
  if (folder.empty() || !std::holds_alternative<data::TableSettings>(settings.data)) return {};
  const checkpoint::Checkpoint checkpoint(folder);
  if (!checkpoint.has(checkpoint::kFeaturesFile)) {
    throw CheckpointError(str_format("the checkpoint {} has no {}: it was not trained on tables",
                                     folder.string(), checkpoint::kFeaturesFile));
  }
  const fs::path path = folder / checkpoint::kFeaturesFile;
  return {checkpoint.text(checkpoint::kFeaturesFile), path.string()};
}

checkpoint::Checkpoint best_checkpoint(const fs::path& folder, const std::string& metric) {
  std::optional<checkpoint::Checkpoint> best;
  const auto badness = [&metric](const checkpoint::Checkpoint& checkpoint) {
    const auto found = checkpoint.manifest().metrics.find(metric);
    if (found == checkpoint.manifest().metrics.end() || !std::isfinite(found->second)) return HUGE_VAL;
    return higher_is_better(metric) ? -found->second : found->second;
  };
  for (const auto& step : checkpoint::list_step_folders(folder)) {
    checkpoint::Checkpoint candidate(step.path);
    if (!best || badness(candidate) <= badness(*best)) best = std::move(candidate);
  }
  if (!best)
    throw CheckpointError(
        str_format("{} holds no checkpoint; train first, or name another", folder.string()));
  best->verify();
  return *best;
}

}  // namespace echelon::train
