#include "predict/scorer/open_scorer.h"

#include "common/error.h"
#include "common/format.h"
#include "predict/scorer/model.h"
#include "predict/scorer/table_scorer.h"
#include "predict/scorer/text_scorer.h"

namespace echelon::predict {
namespace {

OpenedScorer open_hugging_face(const PredictSettings& settings) {
  const checkpoint::HuggingFaceModel model = checkpoint::open_hugging_face(settings.model.path.path);
  return {.scorer = make_text_scorer(model, settings),
          .path = model.folder().string(),
          .family = "bert",
          .digest = model.digest()};
}

OpenedScorer open_checkpoint(const PredictSettings& settings) {
  LoadedModel model = load_model(settings.model, settings.precision);
  OpenedScorer opened{
      .scorer = nullptr, .path = model.origin, .family = model.family, .digest = model.digest};
  if (!model.encoder)
    throw ConfigError(
        str_format("model: {} is a {}, which was not trained on tables; such a checkpoint cannot "
                   "score yet",
                   model.origin, model.family));
  opened.scorer = make_table_scorer(std::move(model), settings);
  return opened;
}

}  // namespace

OpenedScorer open_scorer(const PredictSettings& settings) {
  return fs::exists(fs::path(settings.model.path.path) / "config.json") ? open_hugging_face(settings)
                                                                        : open_checkpoint(settings);
}

}  // namespace echelon::predict
