// A layer over sequences that may hold several documents.
#pragma once

#include "nn/layer.h"

namespace echelon::nn {

/// One output from one input or two: the second is int64 [batch, time], for each position of a sequence the
/// place where its document begins. Without it a sequence is one document.
class DocumentLayer : public Layer {
 public:
  /// `document_starts` may be undefined.
  virtual at::Tensor apply(const at::Tensor& input, const at::Tensor& document_starts,
                           const Context& context) = 0;
  at::Tensor apply(const at::Tensor& input, const Context& context) { return apply(input, {}, context); }
  std::vector<at::Tensor> forward(at::TensorList inputs, const Context& context) final {
    return {apply(inputs[0], inputs.size() > 1 ? inputs[1] : at::Tensor(), context)};
  }
};

}  // namespace echelon::nn
