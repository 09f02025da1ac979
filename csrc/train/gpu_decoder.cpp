#include "train/gpu_decoder.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::train {

std::shared_ptr<image::GpuDecoder> gpu_decoder(const data::DataSettings& settings,
                                               const DeviceChoice& choice) {
  const auto* images = std::get_if<data::ImageSettings>(&settings);
  if (images == nullptr || images->decode != data::Decode::kGpu) return nullptr;
  if (!choice.is_cuda()) {
    throw ConfigError(
        "data.decode: gpu needs a run on GPUs, and this one computes on the CPU: use decode: cpu, or see "
        "with "
        "`echelon doctor` what a GPU is missing");
  }
  std::string why_not;
  auto decoder = choice.module->make_image_decoder(choice.index, &why_not);
  if (!decoder) throw ConfigError(str_format("data.decode: gpu cannot be used: {}", why_not));
  return decoder;
}

}  // namespace echelon::train
