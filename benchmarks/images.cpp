// Decoding and transforming JPEG files for training, stage by stage.
//
//   build/benchmarks/images FOLDER
//
// FOLDER holds .jpg files (benchmarks/peers/make_jpegs.py makes some); the first 300 are read into memory
// first. The stages are those of a random resized crop to 224, flip and normalisation into float32. Before
// anything is timed, samples are compared with the same made step by step from whole decoded images. Prints
// one JSON object: microseconds of processor time an image of each stage. The whole is what
// benchmarks/loader measures.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "image/adjust.h"
#include "image/decoder.h"
#include "image/transform.h"

namespace echelon::image {
namespace {

constexpr int64_t kSize = 224, kPlanes = 3 * kSize * kSize;
constexpr size_t kMostFiles = 300;

using Files = std::vector<std::vector<uint8_t>>;

Files read_files(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".jpg") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  Files files;
  for (const fs::path& path : paths) {
    const std::string bytes = read_file(path);
    files.emplace_back(bytes.begin(), bytes.end());
    if (files.size() == kMostFiles) break;
  }
  if (files.empty()) throw DataError(str_format("{} holds no .jpg files", folder));
  return files;
}

TransformOptions training() {
  return {.size = kSize,
          .resize = kSize,
          .mean = {0.485, 0.456, 0.406},
          .deviation = {0.229, 0.224, 0.225},
          .augmentation = Augmentation{.crop = Augmentation::Crop::kRandomResized, .flip = 0.5}};
}

/// A sample made the long way round: decode all, crop and resize to an image, mirror, then normalise.
std::vector<float> step_by_step(const TransformOptions& options, std::span<const uint8_t> encoded,
                                uint64_t key) {
  ImageDecoder decoder;
  RandomStream random(key);
  const Geometry geometry = options.augmentation->choose(decoder.open(encoded), kSize, kSize, random);
  if (reduction_that_leaves_detail(geometry) > 1) return {};  // which is another picture by definition
  Image sample;
  Resampler()(decoder.decode(3), geometry, sample);
  if (geometry.flip) mirror_left_right(sample);
  std::vector<float> planes(kPlanes);
  Normalisation(3, options.mean, options.deviation).write(sample, {}, ElementType::kFloat32, planes.data());
  return planes;
}

void verify(const Files& files) {
  const ImageTransform transform(training());
  std::vector<float> found(kPlanes);
  for (size_t i = 0; i < std::min<size_t>(files.size(), 50); ++i) {
    transform(files[i], i, ElementType::kFloat32, found.data());
    const auto expected = step_by_step(training(), files[i], i);
    if (!expected.empty() && std::memcmp(found.data(), expected.data(), kPlanes * sizeof(float)) != 0)
      throw InternalError("the transform gives other values than its steps");
  }
}

/// Time that this thread has computed, so that others on the machine do not count.
double computed_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The least microseconds of processor time an image of several passes.
double microseconds(const Files& files, const std::function<void(size_t)>& stage) {
  double best = 1e30;
  for (int pass = 0; pass < 5; ++pass) {
    const double start = computed_seconds();
    for (size_t i = 0; i < files.size(); ++i) stage(i);
    best = std::min(best, (computed_seconds() - start) / static_cast<double>(files.size()) * 1e6);
  }
  return best;
}

class NoSink final : public RowSink {
 public:
  void row(int64_t, const uint8_t*) override {}
};

nlohmann::ordered_json stages(const Files& files) {
  const TransformOptions options = training();
  const Normalisation normalisation(3, options.mean, options.deviation);
  ImageDecoder decoder;
  Resampler resampler;
  Image sample;
  std::vector<float> planes(kPlanes);
  NoSink nothing;
  PlaneSink sink(normalisation, {kSize, kSize}, {true, false}, ElementType::kFloat32, planes.data());
  const auto prepare = [&](size_t i) {
    RandomStream random(i);
    const ImageSize size = decoder.open(files[i]);
    return resampler.prepare(size, options.augmentation->choose(size, kSize, kSize, random));
  };
  const auto decode = [&](size_t i) { return decoder.decode_part(3, 1, prepare(i)); };
  const double prepared = microseconds(files, [&](size_t i) { prepare(i); });
  const double decoded = microseconds(files, [&](size_t i) { decode(i); });
  const double resampled = microseconds(files, [&](size_t i) { resampler.run(decode(i), nothing); });
  const double normalised = microseconds(files, [&](size_t i) { resampler.run(decode(i), sink); });
  const double whole = microseconds(files, [&](size_t i) { decoder.open(files[i]), decoder.decode(3); });
  resampler.run(decode(0), sample);
  const auto change = [&](const Augmentation& augmentation) {
    return microseconds(files, [&](size_t i) {
      Image changed = sample;
      RandomStream random(i);
      augmentation.change_pixels(changed, random);
    });
  };
  return {{"headers and weights", prepared},
          {"decode the part", decoded - prepared},
          {"resize", resampled - decoded},
          {"flip and normalise", normalised - resampled},
          {"decode the whole", whole},
          {"colour jitter", change({.jitter = ColorJitter::from_strengths(0.4, 0.4, 0.4, 0.1)})},
          {"RandAugment", change({.rand_augment = RandAugment{}})}};
}

int run(int count, char** arguments) {
  if (count != 2) throw DataError("usage: images FOLDER");
  const Files files = read_files(arguments[1]);
  verify(files);
  std::puts(nlohmann::ordered_json{{"microseconds", stages(files)}}.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace echelon::image

int main(int count, char** arguments) {
  try {
    return echelon::image::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
