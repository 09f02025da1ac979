// Images → tar shards.
#pragma once

#include <cstdint>
#include <optional>

#include "prepare/settings.h"

namespace echelon::prepare {

struct ResizeSettings {
  int64_t shorter_side = 256;
  bool enlarge = false;
};
void describe(config::Fields<ResizeSettings>& f);

/// What images are stored as; kKeep: as what they are.
enum class StoredFormat { kKeep, kJpeg, kPng, kWebp };

struct ImagePreparation : CommonSettings {
  std::string image_key = "image";
  std::string label_key = "label";
  int64_t samples_per_shard = 1000;
  std::optional<int64_t> shuffle_seed;
  std::optional<ResizeSettings> resize;
  StoredFormat format = StoredFormat::kKeep;
  int quality = 90;
  bool verify = false;
  std::string name = "shard";
};
void describe(config::Fields<ImagePreparation>& f);

}  // namespace echelon::prepare
