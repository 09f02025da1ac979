#include "predict/scorer/open_scorer.h"

#include "common/error.h"
#include "common/format.h"
#include "common/processor.h"
#include "generate/language_model.h"
#include "models/bert.h"
#include "predict/scorer/file_texts_scorer.h"
#include "predict/scorer/image_scorer.h"
#include "predict/scorer/language_scorer.h"
#include "predict/scorer/model.h"
#include "predict/scorer/table_scorer.h"
#include "predict/scorer/tensor_scorer.h"
#include "predict/scorer/text_scorer.h"
#include "predict/tensor_model/model_file.h"
#include "predict/tensor_model/package_model.h"
#include "predict/tensor_model/script_model.h"

namespace echelon::predict {
namespace {

/// A model that brings its code along; what Echelon and Hugging Face save are folders.
bool is_model_file(const fs::path& path) {
  return fs::is_regular_file(path);
}

bool is_hugging_face(const fs::path& folder) {
  return fs::exists(folder / "config.json");
}

/// Throws ConfigError for settings of language models.
void require_no_writing(const PredictSettings& settings, const std::string& origin) {
  if (settings.generation)
    throw ConfigError(str_format("generation: has no effect, as {} is no language model", origin));
}

/// With `device: auto` such a model is on the CPU, whatever else there is.
void require_cpu(const PredictSettings& settings, std::string_view model) {
  if (settings.device == "cuda")
    throw ConfigError(str_format("device: {} computes on the CPU; set device: cpu", model));
}

/// `texts`, where the source lists the files of the texts.
std::unique_ptr<Scorer> reading_files(std::unique_ptr<Scorer> texts, const PredictSettings& settings) {
  if (settings.source.format != SourceFormat::kPaths || texts->inputs().size() > 1) return texts;
  return make_file_texts_scorer(std::move(texts), settings);
}

OpenedScorer open_hugging_face(const PredictSettings& settings, const Placement& placement) {
  require_no_writing(settings, settings.model.path.path);
  if (settings.model.tokenizer)
    throw ConfigError("model.tokenizer: has no effect, as a Hugging Face folder holds its own");
  const checkpoint::HuggingFaceModel model = checkpoint::open_hugging_face(settings.model.path.path);
  const auto inference =
      std::make_shared<Inference>(models::make_bert(model.settings(), nn::init::zeros()),
                                  settings.precision.value_or(train::Precision::kFloat32), placement);
  model.load(inference->model());
  return {.scorer = reading_files(make_text_scorer(model, inference, settings), settings),
          .inference = inference,
          .path = model.folder().string(),
          .family = "bert",
          .digest = model.digest()};
}

OpenedScorer open_checkpoint(const PredictSettings& settings, const Placement& placement) {
  LoadedModel model = load_model(settings.model, settings.precision, placement);
  OpenedScorer opened{.scorer = nullptr,
                      .inference = model.inference,
                      .path = model.origin,
                      .family = model.family,
                      .digest = model.digest};
  if (generate::writes(model.training.model)) {
    opened.scorer = reading_files(make_language_scorer(std::move(model), settings), settings);
    return opened;
  }
  require_no_writing(settings, model.origin);
  if (model.encoder) {
    opened.scorer = make_table_scorer(std::move(model), settings);
  } else if (std::holds_alternative<data::ImageSettings>(model.training.data)) {
    opened.scorer = make_image_scorer(std::move(model), settings);
  } else {
    throw ConfigError(str_format(
        "model: {} is a {}, which was trained on text, but not to write it; such a checkpoint cannot "
        "score",
        model.origin, model.family));
  }
  return opened;
}

/// For `what` that is a file.
void check_file_settings(const PredictSettings& settings, const Placement& placement,
                         const std::string& what) {
  if (placement.pipeline != nullptr)
    throw ConfigError(str_format("pipeline: {} is not cut into stages; set pipeline: 1", what));
  require_cpu(settings, what);
  require_no_writing(settings, settings.model.path.path);
  if (settings.model.tokenizer)
    throw ConfigError(str_format("model.tokenizer: has no effect, as {} takes tensors", what));
  if (!settings.rename.empty())
    throw ConfigError(str_format("rename: for {}, inputs names the columns as the files call them", what));
  if (settings.precision)
    throw ConfigError(str_format("precision: {} computes in what it was saved in; leave it out", what));
}

OpenedScorer open_model_file(const PredictSettings& settings, const Placement& placement) {
  const std::string& path = settings.model.path.path;
  const ModelFile file = read_model_file(path);
  const bool script = file.kind == ModelFileKind::kScript;
  check_file_settings(settings, placement, script ? "a TorchScript model" : "a compiled package");
  const auto threads = static_cast<int>(settings.threads.value_or(std::ssize(allowed_processors())));
  TensorModelOptions options{.path = path,
                             .method = settings.model.method,
                             .given = {},
                             .constants = settings.constants,
                             .calls_at_once = threads};
  for (const auto& [name, columns] : settings.inputs) options.given.push_back(name);
  return {.scorer =
              make_tensor_scorer(script ? open_script_model(options) : open_package_model(options), settings),
          .inference = nullptr,
          .path = path,
          .family = script ? "TorchScript" : "compiled package",
          .digest = file.digest};
}

/// What only a model in a file has.
void refuse_file_settings(const PredictSettings& settings) {
  const std::pair<const char*, bool> set[] = {{"model.method", !settings.model.method.empty()},
                                              {"model.output", !settings.model.output.empty()},
                                              {"tensors", !settings.tensors.empty()},
                                              {"constants", !settings.constants.empty()}};
  for (const auto& [key, is_set] : set)
    if (is_set)
      throw ConfigError(str_format(
          "{}: only a TorchScript model or a compiled package has it, which is a file; {} is a folder", key,
          settings.model.path.path));
}

}  // namespace

std::string resolve_model(const std::string& path) {
  return is_model_file(path) || is_hugging_face(path) ? path : choose_checkpoint(path).string();
}

OpenedScorer open_scorer(const PredictSettings& settings, const Placement& placement) {
  if (is_model_file(settings.model.path.path)) return open_model_file(settings, placement);
  refuse_file_settings(settings);
  return is_hugging_face(settings.model.path.path) ? open_hugging_face(settings, placement)
                                                   : open_checkpoint(settings, placement);
}

}  // namespace echelon::predict
