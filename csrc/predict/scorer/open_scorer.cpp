#include "predict/scorer/open_scorer.h"

#include "common/error.h"
#include "common/format.h"
#include "generate/language_model.h"
#include "models/bert.h"
#include "predict/scorer/language_scorer.h"
#include "predict/scorer/model.h"
#include "predict/scorer/table_scorer.h"
#include "predict/scorer/text_scorer.h"

namespace echelon::predict {
namespace {

bool is_hugging_face(const fs::path& folder) {
  return fs::exists(folder / "config.json");
}

/// Throws ConfigError for settings of language models.
void require_no_writing(const PredictSettings& settings, const std::string& origin) {
  if (settings.generation)
    throw ConfigError(str_format("generation: has no effect, as {} is no language model", origin));
}

OpenedScorer open_hugging_face(const PredictSettings& settings, const Placement& placement) {
  require_no_writing(settings, settings.model.path.path);
  if (settings.model.tokenizer)
    throw ConfigError("model.tokenizer: has no effect, as a Hugging Face folder holds its own");
  const checkpoint::HuggingFaceModel model = checkpoint::open_hugging_face(settings.model.path.path);
  const auto inference = std::make_shared<Inference>(models::make_bert(model.settings(), nn::init::zeros()),
                                                     settings.precision, placement);
  model.load(inference->model());
  return {.scorer = make_text_scorer(model, inference, settings),
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
    opened.scorer = make_language_scorer(std::move(model), settings);
    return opened;
  }
  require_no_writing(settings, model.origin);
  if (!model.encoder)
    throw ConfigError(
        str_format("model: {} is a {}, which was trained neither on tables nor to write; such a checkpoint "
                   "cannot score yet",
                   model.origin, model.family));
  opened.scorer = make_table_scorer(std::move(model), settings);
  return opened;
}

}  // namespace

std::string resolve_model(const std::string& path) {
  return is_hugging_face(path) ? path : choose_checkpoint(path).string();
}

OpenedScorer open_scorer(const PredictSettings& settings, const Placement& placement) {
  return is_hugging_face(settings.model.path.path) ? open_hugging_face(settings, placement)
                                                   : open_checkpoint(settings, placement);
}

}  // namespace echelon::predict
