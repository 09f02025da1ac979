#include "train/resume.h"

#include "checkpoint/checkpoint.h"
#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::train {

fs::path choose_checkpoint(const TrainSettings& settings, const fs::path& run_directory, Communicator& comm) {
  if (settings.checkpoint.resume == "never") return {};
  std::string chosen;
  if (comm.rank() == 0) {
    if (settings.checkpoint.resume != "auto") {
      chosen = checkpoint::open_checkpoint(settings.checkpoint.resume).folder().string();
    } else if (const auto newest = checkpoint::find_newest(run_directory / kCheckpointsFolder)) {
      chosen = newest->folder().string();
    }
  }
  return broadcast_text(comm, chosen, 0);
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
