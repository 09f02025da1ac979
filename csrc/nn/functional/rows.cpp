#include "nn/functional/rows.h"

#include <ATen/ATen.h>

#include "nn/functional/kernels/residual.h"
#include "nn/functional/types.h"

namespace echelon::nn {

at::Tensor column_sum(const at::Tensor& rows) {
  const int64_t width = rows.size(1);
  const auto wide = rows.scalar_type() == at::kBFloat16 ? at::kFloat : rows.scalar_type();
  const at::Tensor sums = at::zeros({chunk_count(rows.size(0)), width}, rows.options().dtype(wide));
  with_types(rows.scalar_type(), [&]<class W, class T>(W*, T*) {
    for_each_row(rows.size(0), [&](int64_t row, int64_t chunk) {
      kernels::accumulate_row(data<T>(rows) + row * width, data<W>(sums) + chunk * width, width);
    });
  });
  return sums.sum(0);
}

}  // namespace echelon::nn
