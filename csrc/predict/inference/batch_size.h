// How many rows a model sees at once, where the settings do not say.
#pragma once

#include <cstdint>

#include "nn/layered_model.h"

namespace echelon::predict {

/// Bytes of one row that are alive at once, between two layers of the model: the most, over all layers, of
/// what is alive before a layer and after it. `row`: the model's inputs for one row, of which only shapes and
/// types count. What a layer needs within itself is not in it.
int64_t bytes_of_row(const nn::ModelSpec& spec, const nn::Activations& row);

/// A power of two, at most `most`: the rows whose bytes_of_row() stay within 64 MiB. It depends on the model
/// alone, not on the machine, so that results do not either.
int64_t choose_batch(const nn::ModelSpec& spec, const nn::Activations& row, int64_t most);

}  // namespace echelon::predict
