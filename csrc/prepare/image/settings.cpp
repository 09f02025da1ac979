#include "prepare/image/settings.h"

#include "prepare/describe_common.h"

namespace echelon::prepare {
namespace {

void check_images(const ImagePreparation& s, config::Checks& checks) {
  const bool encodes = s.resize || s.format != StoredFormat::kKeep;
  if (checks.is_set("quality") && (!encodes || s.format == StoredFormat::kPng))
    checks.problem("quality", "has no effect unless images are stored anew as JPEG or WebP (resize, format)");
  if (s.name.empty() || s.name.find('/') != s.name.npos) checks.problem("name", "must be the name of a file");
}

}  // namespace

void describe(config::Fields<ResizeSettings>& f) {
  f.about("Images become smaller, by antialiased bilinear resizing, and keep their shape.");
  f.add("shorter_side", &ResizeSettings::shorter_side, "Of the result.")
      .range(1, 8192)
      .unit("pixels")
      .direct();
  f.add("enlarge", &ResizeSettings::enlarge,
        "Resize smaller images too, instead of storing them as they are.");
}

void describe(config::Fields<ImagePreparation>& f) {
  f.about("Images with a class each are made into tar shards with an index beside each.");
  f.add("input", &ImagePreparation::input,
        "Tar shards (.tar, .tar.gz, .tar.zst) or Parquet files as paths, globs or ranges, also in object "
        "stores "
        "(s3://, gs://); or one folder that holds a folder of images for each class.")
      .required()
      .min_items(1)
      .example("[imagenet/train]");
  f.add("image_key", &ImagePreparation::image_key,
        "Column of Parquet files that holds the encoded images, or a struct with them as bytes.");
  f.add("label_key", &ImagePreparation::label_key, "Column of Parquet files that is the class.");
  f.add("samples_per_shard", &ImagePreparation::samples_per_shard,
        "Samples of each shard; the last one has the rest.")
      .range(1, 10'000'000)
      .unit("samples");
  f.add("shuffle_seed", &ImagePreparation::shuffle_seed,
        "Samples are brought into a random order that this number decides; not set: the order of the input.")
      .at_least(0);
  f.add("resize", &ImagePreparation::resize, "Not set: images keep their size.");
  f.add("format", &ImagePreparation::format, "What images are stored as; keep: as what they are.")
      .values({{"keep", StoredFormat::kKeep},
               {"jpeg", StoredFormat::kJpeg},
               {"png", StoredFormat::kPng},
               {"webp", StoredFormat::kWebp}});
  f.add("quality", &ImagePreparation::quality, "Of images that are stored anew as JPEG or WebP.")
      .range(1, 100);
  f.add("verify", &ImagePreparation::verify,
        "Decode images that are copied, too, so that damaged ones are found now.");
  f.add("name", &ImagePreparation::name, "What the names of the shards begin with.");
  describe_common(f);
  f.check(check_images);
}

}  // namespace echelon::prepare
