#include "image/gpu/nvjpeg_decoder.h"

namespace echelon::image {

std::shared_ptr<GpuDecoder> make_nvjpeg_decoder(int, std::string* why_not) {
  *why_not =
      "Echelon's CUDA module was built without nvJPEG: install CUDA's nvJPEG with nvjpeg.h, or run "
      "launch/bootstrap --gpu, which fetches it, and build again";
  return nullptr;
}

std::string nvjpeg_version() {
  return "";
}

}  // namespace echelon::image
