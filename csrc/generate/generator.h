// Prompts → what a language model writes after them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "generate/language_model.h"
#include "generate/sampler.h"

namespace echelon::generate {

struct GenerationOptions {
  int64_t max_new_tokens = 64;
  Sampling sampling{};
  uint64_t seed = 0;
  std::vector<Ids> stops{};  ///< where one of these was written, writing ends
  int64_t vocabulary = 0;    ///< only smaller ids are written; at most the model's
  uint32_t start = 0;        ///< where a source is read: the token before the first that is written
};

enum class FinishReason {
  kStop,    ///< it wrote one of the stops, which is left out
  kLength,  ///< max_new_tokens, or as many as the context has room for
};

struct Continuation {
  Ids tokens{};
  FinishReason reason = FinishReason::kLength;
  bool finite = true;  ///< false: a logit was no number, and what came before it is all there is
};

/// The most tokens that continue_prompts() writes after a prompt: together with it, or where it is a source
/// by themselves, they are at most the model's context.
int64_t room_after(const LanguageModel& model, size_t prompt_tokens, const GenerationOptions& options);

/// What comes after each of `prompts`, or where the model reads a source, of each as the source. At most
/// `places` run together, at least one; where texts have ended others begin (continuous batching: Yu et al.,
/// Orca, OSDI 2022). Prompts have at least one token and room_after() them; what they hold is smaller than
/// the model's vocabulary.
///
/// What is drawn is a function of the seed, the prompt's tokens and the number of the step: it depends
/// neither on the other prompts nor on when and where they run.
std::vector<Continuation> continue_prompts(const LanguageModel& model, std::span<const Ids> prompts,
                                           const GenerationOptions& options, int64_t places);

}  // namespace echelon::generate
