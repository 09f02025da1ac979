#include <string_view>

#include "common/format.h"
#include "config/fields.h"
#include "data/describe_loading.h"
#include "data/image/settings.h"

namespace echelon::data {
namespace {

void check_color_jitter(const ColorJitterSettings& s, config::Checks& checks) {
  if (s.brightness == 0 && s.contrast == 0 && s.saturation == 0 && s.hue == 0)
    checks.problem("", "changes nothing; give it brightness, contrast, saturation or hue");
}

void check_rand_augment(const RandAugmentSettings& s, config::Checks& checks) {
  if (s.magnitude >= s.bins)
    checks.problem("magnitude", str_format("must be below bins ({}), which counts from 0", s.bins));
}

void check_erase(const EraseSettings& s, config::Checks& checks) {
  check_pair(s.scale, "scale", checks);
  check_pair(s.ratio, "ratio", checks);
  if (s.noise && checks.is_set("value")) checks.problem("value", "contradicts noise");
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

void describe(config::Fields<FlipSettings>& f) {
  f.about("Mirrored images. `true` takes the default probability.");
  f.add("enabled", &FlipSettings::enabled, "Mirror.").direct();
  f.add("probability", &FlipSettings::probability, "Of each image to be mirrored.").range(0, 1);
  f.check([](const FlipSettings& s, config::Checks& checks) {
    if (!s.enabled && checks.is_set("probability"))
      checks.problem("probability", "has no effect where enabled is false");
  });
}

void describe(config::Fields<ColorJitterSettings>& f) {
  f.about(
      "Random brightness, contrast, saturation and hue, in random order: ColorJitter of torchvision. A "
      "strength x draws factors from max(0, 1 - x) to 1 + x.");
  f.add("brightness", &ColorJitterSettings::brightness, "Strength; 0: left alone.").range(0, 100);
  f.add("contrast", &ColorJitterSettings::contrast, "Strength; 0: left alone.").range(0, 100);
  f.add("saturation", &ColorJitterSettings::saturation, "Strength; 0: left alone.").range(0, 100);
  f.add("hue", &ColorJitterSettings::hue,
        "Hue is turned by up to this share of the colour circle either way; 0: left alone.")
      .range(0, 0.5);
  f.add("probability", &ColorJitterSettings::probability, "Of each image to be changed.").range(0, 1);
  f.check(check_color_jitter);
}

void describe(config::Fields<RandAugmentSettings>& f) {
  f.about("RandAugment (Cubuk et al., 1909.13719) with the fourteen operations of torchvision.");
  f.add("operations", &RandAugmentSettings::operations, "So many of them, one after the other.")
      .range(1, 100);
  f.add("magnitude", &RandAugmentSettings::magnitude, "Strength of all, from 0 to bins - 1.")
      .at_least(0)
      .direct();
  f.add("bins", &RandAugmentSettings::bins, "How many magnitudes there are.").range(2, 1000);
  f.check(check_rand_augment);
}

void describe(config::Fields<EraseSettings>& f) {
  f.about("Random erasing (Zhong et al., 1708.04896): a rectangle of normalised numbers is overwritten.");
  f.add("probability", &EraseSettings::probability, "Of each image to lose a rectangle.")
      .range(0, 1)
      .direct();
  f.add("scale", &EraseSettings::scale, "Area of the rectangle, least and most, as a share of the image.")
      .above(0)
      .at_most(1)
      .min_items(2)
      .max_items(2);
  f.add("ratio", &EraseSettings::ratio, "Height by width of the rectangle, least and most.")
      .range(0.01, 100)
      .min_items(2)
      .max_items(2);
  f.add("value", &EraseSettings::value, "What it is filled with: one number, or one a channel.")
      .min_items(1)
      .or_one();
  f.add("noise", &EraseSettings::noise, "Fill it with normal noise of mean 0 and variance 1 instead.");
  f.check(check_erase);
}

void describe(config::Fields<MixSettings>& f) {
  f.about("How far the samples of a global batch are mixed.");
  f.add("alpha", &MixSettings::alpha,
        "The share of each of two samples is drawn from Beta(alpha, alpha), once for a batch; 0: never mix.")
      .range(0, 1000)
      .direct();
}

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
  f.add("vertical_flip", &AugmentSettings::vertical_flip,
        "Mirror every second image, at random, top to bottom.");
  f.add("color_jitter", &AugmentSettings::color_jitter, "Change colours at random.");
  f.add("grayscale", &AugmentSettings::grayscale, "Probability of each image to become grey.").range(0, 1);
  f.add("rand_augment", &AugmentSettings::rand_augment, "Operations drawn at random, all of one magnitude.");
  f.add("erase", &AugmentSettings::erase, "Overwrite a random rectangle.");
  f.add("mixup", &AugmentSettings::mixup,
        "Mix each sample of a global batch with the one before it, and their classes (Zhang et al., "
        "1710.09412).");
  f.add(
      "cutmix", &AugmentSettings::cutmix,
      "Put a rectangle of the sample before it into each sample of a global batch, and mix their classes by "
      "area (Yun et al., 1905.04899). With mixup too, each serves half of the batches, at random.");
  f.check(check_augmentation);
}

}  // namespace echelon::data
