// Sequence to sequence after Vaswani et al., "Attention Is All You Need" (1706.03762).
#pragma once

#include "models/settings.h"
#include "nn/layered_model.h"

namespace echelon::models {

/// "source" and "source_starts" int64 [batch, source], "tokens" int64 [batch, time] → "logits" [batch, time,
/// vocabulary]: what follows each token, read together with the whole source. Both lengths are at most the
/// context, else DataError. "source_starts" is 0, and for padding the place itself (data/text/pairs.h).
///
/// As in the paper, one table of token vectors serves source, target and head; other than there, positions
/// are learned, normalisation comes before each part of a block (Xiong et al., 2002.04745) and after the last
/// one, and the non-linearity is GELU by tanh. Weights start as those of GPT (models/gpt.h); those that write
/// to a residual stream with 0.02 / √(number of parts that write to it).
nn::ModelSpec make_encoder_decoder(const EncoderDecoderSettings& settings);

}  // namespace echelon::models
