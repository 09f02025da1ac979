// A model that says which token comes next, wherever it runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "generate/language_stage.h"
#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::generate {

using Ids = std::vector<uint32_t>;

/// Rows of tokens as one tensor, int64 [rows, longest], with zeros behind those that are shorter.
at::Tensor padded(std::span<const Ids> rows);

/// Whether a model of these settings writes: an encoder_decoder, or a gpt that is causal.
bool writes(const models::ModelSettings& settings);

/// Several threads may use it at once. Its inputs are checked by those who use it: tokens are smaller than
/// the vocabulary, and sequences no longer than the context.
class LanguageModel {
 public:
  /// What the LanguageStages of a model make of a pass, one after the other. Thread-safe, without gradients.
  using Ask = std::function<nn::Activations(nn::Activations)>;
  /// `settings`: of the model that `ask` asks, which writes().
  LanguageModel(Ask ask, const models::ModelSettings& settings);

  int64_t context() const { return context_; }  ///< the most tokens of a sequence, and of a source
  int64_t vocabulary() const { return vocabulary_; }
  bool reads_source() const { return reads_source_; }  ///< before it writes: an encoder and decoder

  /// The natural logarithm of the probability of targets[i][t] behind tokens[i][… t], one sequence after the
  /// other: float64 [targets in all], on the CPU. Sequences have at least one token, and as many targets.
  /// `sources`: of each, with at least one token; empty where reads_source() is not.
  at::Tensor log_probabilities(std::span<const Ids> sources, std::span<const Ids> tokens,
                               std::span<const Ids> targets) const;

  // For Writing (generate/writing.h).

  /// The model's inputs of sequences, whole or their first tokens, with their sources.
  nn::Activations inputs_of(std::span<const Ids> sources, std::span<const Ids> tokens) const;
  /// Of one token more of each sequence.
  nn::Activations inputs_of(std::span<const uint32_t> tokens) const;
  nn::Activations ask(const Pass& pass, nn::Activations inputs) const;

 private:
  Ask ask_;
  int64_t context_, vocabulary_;
  bool reads_source_, has_documents_;
};

}  // namespace echelon::generate
