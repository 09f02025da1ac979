// Which images are trained on, and what becomes of them.
#pragma once

#include "data/loading_settings.h"

namespace echelon::data {

enum class Crop { kNone, kRandomResized, kShift };

struct AugmentSettings {
  Crop crop = Crop::kNone;
  std::vector<double> scale = {0.08, 1.0};
  std::vector<double> ratio = {3.0 / 4.0, 4.0 / 3.0};
  int64_t shift = 2;
  bool flip = false;
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
};
void describe(config::Fields<ImageSettings>& f);

}  // namespace echelon::data
