// A model that says which token comes next, in the steps that writing needs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "models/settings.h"
#include "nn/decoding.h"
#include "nn/layered_model.h"

namespace echelon::generate {

using Ids = std::vector<uint32_t>;

/// Rows of tokens as one tensor, int64 [rows, longest], with zeros behind those that are shorter.
at::Tensor padded(std::span<const Ids> rows);

/// Whether a model of these settings writes: an encoder_decoder, or a gpt that is causal.
bool writes(const models::ModelSettings& settings);

/// In which parts LanguageModel wants the layers of such a model: its encoder, if it has one, what makes
/// hidden states, and what makes logits of them.
std::vector<nn::LayerRange> parts_of(const nn::ModelSpec& spec);

/// Runs without gradients and outside training; several threads may use it at once. Autocast
/// (nn/autocast.h) and nn::SharedWeights belong to the thread.
class LanguageModel {
 public:
  /// `model`: of these settings, which writes(), in parts_of() it.
  LanguageModel(std::shared_ptr<nn::LayeredModel> model, const models::ModelSettings& settings);

  int64_t context() const { return context_; }  ///< the most tokens of a sequence, and of a source
  int64_t vocabulary() const { return vocabulary_; }
  bool reads_source() const { return reads_source_; }  ///< before it writes: an encoder and decoder

  /// Of sources with at least one token each: what hidden() takes.
  nn::Activations read(std::span<const Ids> sources) const;

  /// tokens int64 [batch, time] → [batch, time, width]. `source`: of read(); empty where reads_source() is
  /// not. `decoding`: nn/decoding.h; null: the tokens are whole sequences.
  at::Tensor hidden(const at::Tensor& tokens, const nn::Activations& source,
                    nn::DecodingState* decoding = nullptr) const;
  /// [rows, width] → float32 or float64 [rows, vocabulary].
  at::Tensor logits(const at::Tensor& hidden) const;

 private:
  std::shared_ptr<nn::LayeredModel> model_;
  int64_t context_, vocabulary_;
  bool reads_source_, has_documents_;
};

}  // namespace echelon::generate
