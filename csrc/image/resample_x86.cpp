#include "image/resample_kernels.h"

namespace echelon::image {

bool narrow_colour_fast(const NarrowRows& rows, NarrowRoom& room) {
  return narrow_colour_avx512(rows, room) || narrow_colour_avx2(rows, room);
}

}  // namespace echelon::image
