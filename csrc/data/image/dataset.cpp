#include "data/image/dataset.h"

#include <ATen/ATen.h>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {

Batch ImageDataset::allocate(int64_t samples, at::ScalarType dtype, bool pinned) const {
  const auto options = at::TensorOptions().pinned_memory(pinned);
  Batch batch;
  batch.inputs["image"] =
      at::empty({samples, transform_.channels(), transform_.size(), transform_.size()}, options.dtype(dtype));
  batch.target = at::empty({samples}, options.dtype(at::kLong));
  return batch;
}

void ImageDataset::load(int64_t index, uint64_t key, Batch& batch, int64_t row) const {
  thread_local std::vector<uint8_t> encoded;
  const at::Tensor& images = batch.inputs.at("image");
  auto* target =
      static_cast<char*>(images.mutable_data_ptr()) + row * images.stride(0) * images.element_size();
  try {
    batch.target.mutable_data_ptr<int64_t>()[row] = source_->read(index, encoded);
    transform_(encoded, key, images.scalar_type(), target);
  } catch (const DataError& error) {
    throw DataError(str_format("{}: {}", source_->place(index), error.what()));
  }
}

}  // namespace echelon::data
