// Which checkpoint a run goes on from, or is evaluated with.
#pragma once

#include <string>

#include "checkpoint/checkpoint.h"
#include "comm/communicator.h"
#include "common/file.h"
#include "data/table/tables.h"
#include "train/settings.h"

namespace echelon::train {

constexpr const char* kCheckpointsFolder = "checkpoints";

/// The folder of the checkpoint that a run in `run_directory`, which need not exist, goes on from; empty: it
/// starts anew. Rank 0 looks, and verifies the checksums. Collective; the same on every rank. Throws, on
/// every rank, an Error (ExitCode::kCheckpoint).
fs::path choose_checkpoint(const TrainSettings& settings, const fs::path& run_directory, Communicator& comm);

/// Of the checkpoints in `folder` the one with the best `metric`; the newest where none has it. Verified.
/// Throws CheckpointError: there is none, or it is damaged.
checkpoint::Checkpoint best_checkpoint(const fs::path& folder, const std::string& metric);

/// What the checkpoint in `folder` says of the columns of tables; nothing where `folder` is empty or the data
/// are no tables. Throws CheckpointError where it should say something and does not.
data::StoredFeatures stored_features(const TrainSettings& settings, const fs::path& folder);

}  // namespace echelon::train
