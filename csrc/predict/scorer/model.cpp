#include "predict/scorer/model.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/class_names.h"
#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"
#include "config/config.h"
#include "generate/language_model.h"
#include "models/registry.h"
#include "predict/inference/language_passes.h"
#include "table/encoder_file.h"
#include "train/load_model.h"
#include "train/precision.h"
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

std::string digest_with_file(const std::string& digest, const fs::path& path) {
  const std::string text = digest + "\n" + checksum_of(MappedFile(path).bytes());
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

/// Throws ConfigError for a tokenizer that nothing would use.
std::string tokenizer_of(const checkpoint::Checkpoint& checkpoint, const ScoredModel& settings, bool writes) {
  if (settings.tokenizer && !writes)
    throw ConfigError("model.tokenizer: has no effect, as the model is no language model");
  if (settings.tokenizer) return settings.tokenizer->path;
  return checkpoint.has(checkpoint::kTokenizerFile)
             ? (checkpoint.folder() / checkpoint::kTokenizerFile).string()
             : "";
}

/// Throws ConfigError for one whose weights are of another type than the stored ones.
train::Precision choose_precision(std::optional<train::Precision> wanted, const LoadedModel& model) {
  const train::Precision trained = model.training.precision;
  if (!wanted || train::storage_type(*wanted) == train::storage_type(trained))
    return wanted.value_or(trained);
  throw ConfigError(str_format("precision: {} was trained in {}; set that, or leave it out", model.origin,
                               train::precision_name(trained)));
}

std::vector<std::string> class_names_of(const checkpoint::Checkpoint& checkpoint) {
  if (!checkpoint.has(checkpoint::kClassesFile)) return {};
  const fs::path path = checkpoint.folder() / checkpoint::kClassesFile;
  return checkpoint::parse_class_names(checkpoint.text(checkpoint::kClassesFile), path.string());
}

}  // namespace

fs::path choose_checkpoint(const fs::path& path) {
  const checkpoint::Checkpoint newest = checkpoint::open_checkpoint(path);
  if (fs::exists(path / checkpoint::kManifestFile)) return newest.folder();
  const std::string metric = settings_of(newest).checkpoint.best_by;
  return train::best_checkpoint(newest.folder().parent_path(), metric).folder();
}

LoadedModel load_model(const ScoredModel& settings, std::optional<train::Precision> wanted,
                       const Placement& placement) {
  const checkpoint::Checkpoint checkpoint(settings.path.path);
  LoadedModel loaded{.origin = checkpoint.folder().string(),
                     .family = checkpoint.manifest().model_family,
                     .digest = digest_of(checkpoint.manifest()),
                     .training = settings_of(checkpoint),
                     .precision = {},
                     .encoder = nullptr,
                     .class_names = class_names_of(checkpoint),
                     .tokenizer = {},
                     .inference = nullptr};
  loaded.precision = choose_precision(wanted, loaded);
  loaded.tokenizer = tokenizer_of(checkpoint, settings, generate::writes(loaded.training.model));
  if (settings.tokenizer) loaded.digest = digest_with_file(loaded.digest, loaded.tokenizer);
  loaded.encoder = encoder_of(checkpoint, loaded.training);
  if (loaded.encoder) {
    loaded.training.model =
        models::with_table(std::move(loaded.training.model), {.numbers = loaded.encoder->numbers(),
                                                              .categories = loaded.encoder->categories(),
                                                              .classes = loaded.encoder->classes()});
  }
  const bool averaged = checkpoint.has(checkpoint::kAverageFile);
  nn::ModelSpec spec = models::make_model(loaded.training.model);
  const at::Device device = placement.device;
  Passes passes = generate::writes(loaded.training.model)
                      ? language_passes(spec, loaded.training.model, device)
                      : whole_passes(spec, device);
  loaded.inference =
      std::make_shared<Inference>(std::move(spec), loaded.precision, placement, std::move(passes));
  train::load_model(loaded.inference->model(), checkpoint, averaged);
  return loaded;
}

}  // namespace echelon::predict
