// Texts → what a language model writes after them, or how probable it finds them.
#pragma once

#include <memory>

#include "predict/scorer/model.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon::predict {

/// Of a model that generate::writes(). Usually PostprocessKind::kText:
///   generated        what it writes after the text, or where it reads a source, of the text as the source
///   finish_reason    stop (one of `settings.generation.stop`) or length
///   tokens           int64: how many it wrote, without those of the stop
/// kPerplexity:
///   log_probability  float64, natural: of the tokens, each given those before it (generate/likelihood.h)
///   tokens           int64: how many count
///   perplexity       float64: exp(−log_probability / tokens)
///
/// The column that `settings.inputs.text` names ("text") holds the texts. Where the model reads a source, it
/// holds the sources, and for kPerplexity that of `settings.inputs.target` ("target") the texts. Rows whose
/// text is empty or too long for the model have a problem. Texts of similar length run together: with what is
/// to be written at most `settings.batch_tokens` tokens. Throws ConfigError where the settings do not fit the
/// model.
std::unique_ptr<Scorer> make_language_scorer(LoadedModel model, const PredictSettings& settings);

}  // namespace echelon::predict
