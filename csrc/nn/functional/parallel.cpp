#include "nn/functional/parallel.h"

#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

namespace echelon::nn {

void parallel_for(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  // at::parallel_for is a template that needs the very OpenMP library that LibTorch brings; a
  // TensorIterator's loop runs inside LibTorch. It walks a tensor of one byte an item, which nothing reads.
  const at::Tensor items = at::empty({count}, at::kByte);
  const char* start = static_cast<const char*>(items.const_data_ptr());
  at::TensorIterator iterator = at::TensorIteratorConfig().add_borrowed_const_input(items).build();
  iterator.for_each(
      [&](char** data, const int64_t* strides, int64_t n) {
        const at::AutoDispatchBelowAutograd no_gradient;
        const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
        const int64_t begin = data[0] - start;
        body(begin, begin + n);
      },
      grain);
}

}  // namespace echelon::nn
