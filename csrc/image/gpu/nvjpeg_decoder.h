// The GPU's decoder of libechelon_cuda: nvjpeg_decoder.cpp, or no_nvjpeg.cpp where CMake did not find nvJPEG.
#pragma once

#include <memory>
#include <string>

#include "image/gpu/decoder.h"

namespace echelon::image {

/// For `device`. Null with the reason in `*why_not` where there is no nvJPEG. Throws InternalError when it
/// does not start.
std::shared_ptr<GpuDecoder> make_nvjpeg_decoder(int device, std::string* why_not);

/// As nvJPEG writes it, "13.0.4"; empty without.
std::string nvjpeg_version();

}  // namespace echelon::image
