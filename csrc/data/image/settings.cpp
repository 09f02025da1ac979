#include "data/image/settings.h"

#include <algorithm>
#include <string_view>

#include "common/format.h"
#include "config/fields.h"
#include "data/describe_loading.h"
#include "storage/location.h"

namespace echelon::data {
namespace {

void check_channels(const std::vector<double>& values, int channels, std::string_view key,
                    config::Checks& checks) {
  if (values.empty() || values.size() == static_cast<size_t>(channels)) return;
  checks.problem(key, str_format("has {} numbers for {} channels", values.size(), channels));
}

bool reads_parquet(const ImageSettings& s) {
  const auto any = [](const std::vector<config::InputPath>& files) {
    return std::any_of(files.begin(), files.end(),
                       [](const auto& file) { return storage::is_parquet_name(file.path); });
  };
  return any(s.train) || any(s.test) ||
         std::any_of(s.sources.begin(), s.sources.end(),
                     [&](const auto& source) { return any(source.second.files); });
}

void check_images(const ImageSettings& s, config::Checks& checks) {
  check_channels(s.mean, s.channels, "mean", checks);
  check_channels(s.std, s.channels, "std", checks);
  if (s.resize && *s.resize < s.size)
    checks.problem("resize", str_format("must be at least size ({})", s.size));
  const bool parquet = reads_parquet(s);
  if (s.label_field != "json" && !parquet && checks.is_set("label_key")) {
    checks.problem("label_key", "has no effect unless label_field is json or the data are Parquet");
  }
  if (!parquet && checks.is_set("image_key"))
    checks.problem("image_key", "has no effect unless the data are Parquet");
}

void check_augmentation(const AugmentSettings& s, config::Checks& checks) {
  check_pair(s.scale, "scale", checks);
  check_pair(s.ratio, "ratio", checks);
  const std::string_view without_effect = "has no effect unless crop is ";
  for (const char* key : {"scale", "ratio"}) {
    if (s.crop != Crop::kRandomResized && checks.is_set(key)) {
      checks.problem(key, str_format("{}random_resized", without_effect));
    }
  }
  if (s.crop != Crop::kShift && checks.is_set("shift"))
    checks.problem("shift", str_format("{}shift", without_effect));
}

}  // namespace

void describe(config::Fields<AugmentSettings>& f) {
  f.about("Random changes to training images, a function of seed, epoch and sample.");
  f.add("crop", &AugmentSettings::crop,
        "random_resized: a random part of the image, resized; shift: the central crop moved at random; none: "
        "the central "
        "crop.")
      .values({{"none", Crop::kNone}, {"random_resized", Crop::kRandomResized}, {"shift", Crop::kShift}});
  f.add("scale", &AugmentSettings::scale,
        "Area of a random resized crop, least and most, as a share of the image.")
      .above(0)
      .at_most(1)
      .min_items(2)
      .max_items(2);
  f.add("ratio", &AugmentSettings::ratio, "Width by height of a random resized crop, least and most.")
      .range(0.01, 100)
      .min_items(2)
      .max_items(2);
  f.add("shift", &AugmentSettings::shift,
        "Most pixels by which crop: shift moves each way; what enters is black.")
      .range(0, 4096)
      .unit("pixels");
  f.add("flip", &AugmentSettings::flip, "Mirror every second image, at random, left to right.");
  f.check(check_augmentation);
}

void describe(config::Fields<ImageSettings>& f) {
  f.about(
      "JPEG, PNG and WebP images with a class each, in WebDataset tar shards, in Parquet files or in one "
      "folder for each "
      "class.");
  f.add("train", &ImageSettings::train,
        "Tar shards (.tar, .tar.gz, .tar.zst) or Parquet files as paths, globs or ranges like "
        "train-{000..004}.tar, also in object stores (s3://, gs://); or one folder that holds a folder of "
        "images for "
        "each class.")
      .min_items(1)
      .example("['data/train-{000..127}.tar']");
  f.add("test", &ImageSettings::test, "The same for evaluation.");
  f.add("label_field", &ImageSettings::label_field,
        "Extension of the file in a tar sample that holds the class: a whole number, or json.");
  f.add("label_key", &ImageSettings::label_key,
        "Member of the json field, or column of Parquet files, that is the class.");
  f.add("image_key", &ImageSettings::image_key,
        "Column of Parquet files that holds the encoded images, or a struct with them as bytes.");
  f.add("size", &ImageSettings::size, "Height and width of the images that the model sees.")
      .range(1, 8192)
      .unit("pixels");
  f.add("resize", &ImageSettings::resize, "Shorter side of an image before its central crop; not set: size.")
      .range(1, 8192)
      .unit("pixels");
  f.add("channels", &ImageSettings::channels, "1: grey, 3: red, green, blue.").one_of({1, 3});
  f.add("mean", &ImageSettings::mean,
        "Subtracted from each channel, after pixels became 0 to 1; not set: 0.");
  f.add("std", &ImageSettings::std, "Divides each channel after that; not set: 1.").above(0);
  f.add("augment", &ImageSettings::augment, "Random changes to training images.");
  describe_loading(f);
  f.check(check_images);
}

}  // namespace echelon::data
