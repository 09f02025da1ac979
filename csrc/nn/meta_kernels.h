// Operations on the meta device that LibTorch knows only through Python.
#pragma once

namespace echelon::nn {

/// Makes convolutions, batch, group and layer normalisation, embeddings, relu, adaptive pooling and losses
/// of numbers work on meta tensors, forward and backward: outputs of the right shape and type, and nothing
/// computed. For the whole process; later calls do nothing. Thread-safe.
void register_meta_kernels();

}  // namespace echelon::nn
