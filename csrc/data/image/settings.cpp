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

/// What changes colours, of which grey images have none.
void check_grey(const AugmentSettings& s, config::Checks& checks) {
  constexpr std::string_view kProblem = "has no effect on images of one channel";
  if (s.grayscale > 0) checks.problem("augment.grayscale", kProblem);
  if (!s.color_jitter) return;
  if (s.color_jitter->saturation > 0) checks.problem("augment.color_jitter.saturation", kProblem);
  if (s.color_jitter->hue > 0) checks.problem("augment.color_jitter.hue", kProblem);
}

void check_augmented_channels(const ImageSettings& s, config::Checks& checks) {
  if (s.channels == 1) check_grey(s.augment, checks);
  if (!s.augment.erase || s.augment.erase->value.size() == 1) return;
  check_channels(s.augment.erase->value, s.channels, "augment.erase.value", checks);
}

/// What moves or mixes pixels in ways that fields do not follow.
void check_fields_stay_true(const ImageSettings& s, config::Checks& checks) {
  if (s.fields.empty()) return;
  if (s.augment.mixes())
    checks.problem("fields",
                   "contradicts augment.mixup and augment.cutmix, which mix images and classes only");
  const auto is_boxes = [](const auto& field) {
    return std::holds_alternative<BoxesFieldSettings>(field.second);
  };
  if (s.augment.rand_augment && std::ranges::any_of(s.fields, is_boxes))
    checks.problem("augment.rand_augment",
                   "turns and moves images, which boxes of data.fields do not follow");
}

void check_fields(const ImageSettings& s, config::Checks& checks) {
  check_fields_stay_true(s, checks);
  for (const auto& [name, field] : s.fields) {
    if (name == "image") checks.problem("fields.image", "is the name of the image itself; choose another");
    if (name.find('.') != name.npos)
      checks.problem("fields", str_format("has '{}', but names of inputs hold no dot", name));
  }
}

/// What the CPU does to pixels that then are on the GPU.
void check_decode(const ImageSettings& s, config::Checks& checks) {
  if (s.decode != Decode::kGpu) return;
  const auto refuse = [&](bool given, std::string_view key) {
    if (given)
      checks.problem(str_format("augment.{}", key),
                     "changes pixels on the CPU, and with decode: gpu they are on the GPU; use decode: cpu");
  };
  refuse(s.augment.color_jitter.has_value(), "color_jitter");
  refuse(s.augment.grayscale > 0, "grayscale");
  refuse(s.augment.rand_augment.has_value(), "rand_augment");
  refuse(s.augment.erase.has_value(), "erase");
  refuse(s.augment.mixup.alpha > 0, "mixup");
  refuse(s.augment.cutmix.alpha > 0, "cutmix");
}

}  // namespace

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
  f.add("fields", &ImageSettings::fields,
        "Further inputs of the model by name, read from other files of a tar sample.")
      .example(
          "{caption: {field: txt, as: tokens, tokenizer: tokenizer.json, length: 64}, boxes: {field: json, "
          "key: boxes, as: boxes, count: 16}, age: {field: json, key: age, as: numbers}}");
  f.add("decode", &ImageSettings::decode,
        "What decodes JPEG and makes samples of it while training; gpu: nvJPEG, on a GPU, where the loader's "
        "threads are too slow.")
      .values({{"cpu", Decode::kCpu}, {"gpu", Decode::kGpu}});
  describe_loading(f);
  f.check(check_images);
  f.check({"channels", "augment"}, check_augmented_channels);
  f.check({"fields", "augment"}, check_fields);
  f.check({"decode", "augment"}, check_decode);
}

}  // namespace echelon::data
