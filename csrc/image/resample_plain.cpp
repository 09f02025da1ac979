// Processors other than x86-64 have the portable version alone.
#include "image/resample_kernels.h"

namespace echelon::image {

bool narrow_colour_avx512(const NarrowRows&, NarrowRoom&) {
  return false;
}

bool narrow_colour_avx2(const NarrowRows&, NarrowRoom&) {
  return false;
}

bool narrow_colour_fast(const NarrowRows&, NarrowRoom&) {
  return false;
}

}  // namespace echelon::image
