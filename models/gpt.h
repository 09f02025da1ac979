// GPT-2 after Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "tokens" int64 [batch, time] → "logits" [batch, time, vocabulary]; time is at most the context, else
/// DataError. With document_mask also "document_starts" int64 [batch, time] (nn/layers/document_layer.h):
/// positions then count from the start of a document, and attention stays within it. Learned positions,
/// normalisation before each half of a block, GELU by tanh, and a head that shares the token embedding.
/// Weights start normal with standard deviation 0.02, those that write to the residual stream with 0.02 /
/// √(2·layers) (section 2.3 of the paper), as in Hugging Face's implementation.
nn::ModelSpec make_gpt(const GptSettings& settings);

}  // namespace echelon::models
