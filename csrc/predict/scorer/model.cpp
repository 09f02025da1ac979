#include "predict/scorer/model.h"

#include "checkpoint/checkpoint.h"
#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"
#include "config/config.h"
#include "models/registry.h"
#include "table/encoder_file.h"
#include "train/load_model.h"
#include "train/resume.h"

namespace echelon::predict {
namespace {

/// What decides what it says: the files that are read of it, with the averaged weights in place of the
/// trained ones.
bool is_read(const std::string& file) {
  return !file.starts_with("optimizer");
}

std::string digest_of(const checkpoint::Manifest& manifest) {
  std::string text = manifest.model_family + "\n" + manifest.config;
  for (const checkpoint::StoredFile& file : manifest.files)
    if (is_read(file.name)) text += "\n" + file.name + " " + file.checksum;
  return checksum_of(std::as_bytes(std::span(text)));
}

train::TrainSettings settings_of(const checkpoint::Checkpoint& checkpoint) {
  const std::string name = (checkpoint.folder() / checkpoint::kManifestFile).string() + " (config)";
  return config::parse<train::TrainSettings>(checkpoint.manifest().config, name, {},
                                             config::InputFiles::kMayBeMissing);
}

std::shared_ptr<const table::FeatureEncoder> encoder_of(const checkpoint::Checkpoint& checkpoint,
                                                        const train::TrainSettings& training) {
  if (!std::holds_alternative<data::TableSettings>(training.data)) return nullptr;
  const fs::path path = checkpoint.folder() / checkpoint::kFeaturesFile;
  return std::make_shared<table::FeatureEncoder>(
      table::parse_encoder(checkpoint.text(checkpoint::kFeaturesFile), path.string()));
}

}  // namespace

fs::path choose_checkpoint(const fs::path& path) {
  const checkpoint::Checkpoint newest = checkpoint::open_checkpoint(path);
  if (fs::exists(path / checkpoint::kManifestFile)) return newest.folder();
  const std::string metric = settings_of(newest).checkpoint.best_by;
  return train::best_checkpoint(newest.folder().parent_path(), metric).folder();
}

LoadedModel load_model(const ScoredModel& settings, train::Precision precision, const Placement& placement) {
  const checkpoint::Checkpoint checkpoint(settings.path.path);
  LoadedModel loaded{.origin = checkpoint.folder().string(),
                     .family = checkpoint.manifest().model_family,
                     .digest = digest_of(checkpoint.manifest()),
                     .training = settings_of(checkpoint),
                     .encoder = nullptr,
                     .inference = nullptr};
  loaded.encoder = encoder_of(checkpoint, loaded.training);
  if (loaded.encoder) {
    loaded.training.model =
        models::with_table(std::move(loaded.training.model), {.numbers = loaded.encoder->numbers(),
                                                              .categories = loaded.encoder->categories(),
                                                              .classes = loaded.encoder->classes()});
  }
  loaded.inference =
      std::make_shared<Inference>(models::make_model(loaded.training.model), precision, placement);
  train::load_model(loaded.inference->model(), checkpoint, checkpoint.has(checkpoint::kAverageFile));
  return loaded;
}

}  // namespace echelon::predict
