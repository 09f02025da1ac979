// Activations computed again in the backward pass instead of kept from the forward pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace echelon::nn {

/// A part of the forward pass. `again`: it runs for the backward pass, so must change nothing outside
/// (Context::recomputing) and draw the same random numbers.
using Computation = std::function<std::vector<at::Tensor>(at::TensorList inputs, bool again)>;

/// run(inputs, false), of which only the inputs are kept; backward calls run(inputs', true) and
/// differentiates that (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 1604.06174).
/// `parameters` are all leaves that `run` uses besides, in any number; those left out get no gradient. Their
/// gradients are added with those of the rest of the graph, so hooks are called once a backward pass.
///
/// The second run has the autocast state and the DeferredGradients (nn/weight_gradients.h) of the first.
/// Inputs and outputs are defined; they may be of any type, outputs may be inputs and may go unused; inputs
/// must not be changed in place afterwards. `run` lives as long as the graph. Backward may run on another
/// thread, but not with create_graph. Where no gradients are recorded this is run(inputs, false).
std::vector<at::Tensor> recompute(const Computation& run, at::TensorList inputs, at::TensorList parameters);

}  // namespace echelon::nn
