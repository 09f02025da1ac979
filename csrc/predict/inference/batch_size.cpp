#include "predict/inference/batch_size.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <bit>

#include "nn/meta_kernels.h"

namespace echelon::predict {
namespace {

constexpr int64_t kBatchBytes = int64_t{64} << 20;

int64_t bytes_of(const nn::Activations& activations) {
  int64_t bytes = 0;
  for (const auto& [name, tensor] : activations) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

}  // namespace

int64_t bytes_of_row(const nn::ModelSpec& spec, const nn::Activations& row) {
  nn::register_meta_kernels();
  const at::NoGradGuard no_gradients;
  nn::Activations live;
  for (const auto& [name, tensor] : row) live.emplace(name, tensor.to(at::kMeta));
  int64_t most = 0;
  for (size_t layer = 0; layer < spec.layers.size(); ++layer) {
    nn::LayeredModel one(spec, layer, layer + 1, at::TensorOptions().device(at::kMeta), /*seed=*/0);
    const int64_t before = bytes_of(live);
    live = one.forward(std::move(live), {.training = false});
    most = std::max(most, before + bytes_of(live));
  }
  return most;
}

int64_t choose_batch(const nn::ModelSpec& spec, const nn::Activations& row, int64_t most) {
  const int64_t rows = kBatchBytes / std::max<int64_t>(bytes_of_row(spec, row), 1);
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(rows, 1, most))));
}

}  // namespace echelon::predict
