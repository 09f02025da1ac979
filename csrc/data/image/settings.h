// Which images are trained on, and what becomes of them.
#pragma once

#include "data/image/field_settings.h"
#include "data/loading_settings.h"

namespace echelon::data {

/// What undoes the coding of JPEG and makes samples of it.
enum class Decode { kCpu, kGpu };

enum class Crop { kNone, kRandomResized, kShift };

/// `flip: true` takes the default probability.
struct FlipSettings {
  bool enabled = true;
  double probability = 0.5;
};
void describe(config::Fields<FlipSettings>& f);

struct ColorJitterSettings {
  double brightness = 0, contrast = 0, saturation = 0, hue = 0;
  double probability = 1;
};
void describe(config::Fields<ColorJitterSettings>& f);

struct RandAugmentSettings {
  int operations = 2, magnitude = 9, bins = 31;
};
void describe(config::Fields<RandAugmentSettings>& f);

struct EraseSettings {
  double probability = 0.5;
  std::vector<double> scale = {0.02, 0.33};
  std::vector<double> ratio = {0.3, 3.3};
  std::vector<double> value = {0};
  bool noise = false;
};
void describe(config::Fields<EraseSettings>& f);

/// Of Mixup or CutMix.
struct MixSettings {
  double alpha = 0;
};
void describe(config::Fields<MixSettings>& f);

struct AugmentSettings {
  Crop crop = Crop::kNone;
  std::vector<double> scale = {0.08, 1.0};
  std::vector<double> ratio = {3.0 / 4.0, 4.0 / 3.0};
  int64_t shift = 2;
  std::optional<FlipSettings> flip;
  std::optional<FlipSettings> vertical_flip;
  std::optional<ColorJitterSettings> color_jitter;
  double grayscale = 0;
  std::optional<RandAugmentSettings> rand_augment;
  std::optional<EraseSettings> erase;
  MixSettings mixup;
  MixSettings cutmix;

  bool mixes() const { return mixup.alpha > 0 || cutmix.alpha > 0; }
};
void describe(config::Fields<AugmentSettings>& f);

struct ImageSettings : LoadingSettings {
  std::string label_field = "cls";
  std::string label_key = "label";
  std::string image_key = "image";
  int64_t size = 224;
  std::optional<int64_t> resize;
  int channels = 3;
  std::vector<double> mean;
  std::vector<double> std;
  AugmentSettings augment;
  FieldsSettings fields;
  Decode decode = Decode::kCpu;
};
void describe(config::Fields<ImageSettings>& f);

}  // namespace echelon::data
