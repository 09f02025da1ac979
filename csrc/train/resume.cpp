#include "train/resume.h"

#include "checkpoint/checkpoint.h"
#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"

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

}  // namespace echelon::train
