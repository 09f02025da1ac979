// From the hidden states of a text's tokens to one vector for the text, as sentence-transformers does it
// (Reimers and Gurevych, "Sentence-BERT", 1908.10084).
#pragma once

#include <ATen/core/Tensor.h>

#include "models/pooling.h"

namespace echelon::models {

/// hidden: [batch, time, width]; lengths: int64 [batch], each 1 … time: tokens from there on have no part.
/// Returns [batch, width], computed in float32 and of that type, or float64 if `hidden` is.
at::Tensor pool(const at::Tensor& hidden, const at::Tensor& lengths, Pooling pooling);

/// Each row divided by its Euclidean norm, or by 1e-12 if that is larger (torch.nn.functional.normalize).
/// [batch, width].
at::Tensor normalise_rows(const at::Tensor& rows);

}  // namespace echelon::models
