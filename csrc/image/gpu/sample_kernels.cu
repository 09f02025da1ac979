#include "image/gpu/sample_arithmetic.h"
#include "image/gpu/sample_kernels.h"

namespace echelon::image {
namespace {

constexpr unsigned kBlockWidth = 32, kBlockHeight = 8;

__device__ int column_of_thread() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

__device__ int row_of_thread() {
  return static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
}

__global__ void colour_kernel(const SamplePlan plan, uint8_t* colours) {
  const int x = column_of_thread(), y = row_of_thread();
  if (x < plan.part.width && y < plan.part.height) make_colour(plan, x, y, colours);
}

__global__ void across_kernel(const SamplePlan plan, const uint8_t* colours, uint8_t* narrow) {
  const int x = column_of_thread(), y = row_of_thread();
  if (x < plan.across.end - plan.across.begin && y < plan.rows) make_narrow(plan, colours, x, y, narrow);
}

template <class Element>
__global__ void down_kernel(const SamplePlan plan, const uint8_t* narrow, Element* target) {
  const int x = column_of_thread(), y = row_of_thread();
  if (x < plan.window && y < plan.window)
    make_element(plan, narrow, x, y, static_cast<int>(blockIdx.z), target);
}

/// Blocks that cover width × height threads, `depth` times.
dim3 blocks(int64_t width, int64_t height, int depth = 1) {
  return {static_cast<unsigned>((width + kBlockWidth - 1) / kBlockWidth),
          static_cast<unsigned>((height + kBlockHeight - 1) / kBlockHeight), static_cast<unsigned>(depth)};
}

}  // namespace

cudaError_t launch_sample(const SamplePlan& plan, uint8_t* colours, uint8_t* narrow, void* target,
                          cudaStream_t stream) {
  const dim3 block(kBlockWidth, kBlockHeight);
  colour_kernel<<<blocks(plan.part.width, plan.part.height), block, 0, stream>>>(plan, colours);
  across_kernel<<<blocks(plan.across.end - plan.across.begin, plan.rows), block, 0, stream>>>(plan, colours,
                                                                                              narrow);
  const dim3 grid = blocks(plan.window, plan.window, plan.channels);
  with_element(plan.element_bytes, [&]<class Element>(Element*) {
    down_kernel<<<grid, block, 0, stream>>>(plan, narrow, static_cast<Element*>(target));
  });
  return cudaGetLastError();
}

}  // namespace echelon::image
