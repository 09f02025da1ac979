#include "models/text_embedding.h"

#include <ATen/ATen.h>

#include <limits>

#include "common/error.h"

namespace echelon::models {
namespace {

/// [batch, time, 1].
at::Tensor is_padding(const at::Tensor& hidden, const at::Tensor& lengths_B) {
  return at::arange(hidden.size(1), lengths_B.options()).ge(lengths_B.unsqueeze(1)).unsqueeze(2);
}

}  // namespace

std::string_view name_of(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMean:
      return "mean";
    case Pooling::kCls:
      return "cls";
    case Pooling::kMax:
      return "max";
  }
  throw InternalError("unknown pooling");
}

at::Tensor pool(const at::Tensor& hidden, const at::Tensor& lengths, Pooling pooling) {
  const at::ScalarType type = hidden.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  switch (pooling) {
    case Pooling::kMean:
      return hidden.to(type).masked_fill(is_padding(hidden, lengths), 0).sum(1).div_(lengths.unsqueeze(1));
    case Pooling::kCls:
      return hidden.select(1, 0).to(type);
    case Pooling::kMax:
      return hidden.to(type)
          .masked_fill(is_padding(hidden, lengths), -std::numeric_limits<double>::infinity())
          .amax(1);
  }
  throw InternalError("unknown pooling");
}

at::Tensor normalise_rows(const at::Tensor& rows) {
  return rows / rows.norm(2, 1, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace echelon::models
