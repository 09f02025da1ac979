// Batches of the loader that training uses: how many a second, when the first is there, and in how much
// memory.
//
//   loader images|tokens FOLDER --warm-up N --batches N [--threads N]
//
// FOLDER holds what benchmarks/peers/make_jpegs.py or make_tokens.py made. Images: random resized crop to
// 224, flip and normalisation, float32 batches of 64. Tokens: batches of 8 × 1,024 and as many targets. The
// batches of the warm-up are summed up, so that whoever compares can tell that the same work was done; those
// after it are timed. Prints one JSON object, that of peers/loading.py.
#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "nn/memory_pool.h"

namespace echelon::data {
namespace {

struct Work {
  DataSettings settings;
  int64_t batch = 1;  ///< samples
  int64_t limit = 0;  ///< classes or vocabulary
};

Work images(const std::string& folder) {
  ImageSettings settings;
  settings.train = {{folder + "/shard-*.tar"}};
  settings.size = 224;
  settings.mean = {0.485, 0.456, 0.406};
  settings.std = {0.229, 0.224, 0.225};
  settings.augment.crop = Crop::kRandomResized;
  settings.augment.flip = FlipSettings{};
  return {std::move(settings), 64, 10};
}

Work tokens(const std::string& folder) {
  TextSettings settings;
  settings.train = {{folder + "/shard-*.tokens"}};
  settings.sequence_length = 1024;
  return {std::move(settings), 8, 50304};
}

/// Of numbers, in lanes that do not wait for each other.
struct Moments {
  static constexpr int64_t kLanes = 8;
  std::array<double, kLanes> sums{}, squares{};
  int64_t count = 0;

  template <class T>
  void add(const at::Tensor& tensor) {
    const T* values = tensor.const_data_ptr<T>();
    if (tensor.numel() % kLanes != 0) throw InternalError("batches are not of whole lanes");
    for (int64_t i = 0; i < tensor.numel(); i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        const auto value = static_cast<double>(values[i + lane]);
        sums[lane] += value;
        squares[lane] += value * value;
      }
    }
    count += tensor.numel();
  }
  double sum() const { return std::accumulate(sums.begin(), sums.end(), 0.0); }
  double mean() const { return sum() / static_cast<double>(count); }
  double deviation() const {
    const double square = std::accumulate(squares.begin(), squares.end(), 0.0) / static_cast<double>(count);
    return std::sqrt(square - mean() * mean());
  }
};

/// What the numbers of batches sum up to.
class Sums {
 public:
  void add(const Batch& batch) {
    for (const auto& [name, tensor] : batch.inputs)
      tensor.scalar_type() == at::kFloat ? inputs_.add<float>(tensor) : inputs_.add<int64_t>(tensor);
    targets_.add<int64_t>(batch.target);
  }

  nlohmann::json json() const {
    return {{"sum", inputs_.sum()},
            {"targets", targets_.sum()},
            {"mean", inputs_.mean()},
            {"deviation", inputs_.deviation()}};
  }

 private:
  Moments inputs_, targets_;
};

int64_t bytes_of(const Batch& batch) {
  auto bytes = static_cast<int64_t>(batch.target.nbytes());
  for (const auto& [name, tensor] : batch.inputs) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

/// Resident memory, shared pages in proportion.
int64_t resident_bytes() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string word; file >> word;) {
    int64_t kilobytes = 0;
    if (word == "Pss:" && file >> kilobytes) return kilobytes * 1024;
  }
  throw DataError("/proc/self/smaps_rollup says nothing of Pss");
}

nlohmann::json measure(const Work& work, int threads, int64_t warm_up, int64_t batches) {
  nn::install_memory_pool();  // as training does
  LoaderOptions options = loader_options(work.settings);
  options.global_batch = options.micro_batch = work.batch;
  options.threads = threads;
  TrainLoader loader(open_dataset(work.settings, {.model = {.limit = work.limit}}), options, 0);

  Sums sums;
  double first_batch_at = 0;
  for (int64_t i = 0; i < warm_up; ++i) {
    const Batch batch = loader.next();
    if (i == 0) first_batch_at = unix_time();
    sums.add(batch);
  }
  const Stopwatch stopwatch;
  int64_t samples = 0, bytes = 0;
  for (int64_t i = 0; i < batches; ++i) {
    const Batch batch = loader.next();
    samples += batch.samples;
    bytes += bytes_of(batch);
  }
  return {{"first_batch_at", first_batch_at},
          {"seconds", stopwatch.seconds()},
          {"samples", samples},
          {"bytes", bytes},
          {"sums", sums.json()},
          {"resident_bytes", resident_bytes()}};
}

int run(int count, char** arguments) {
  std::map<std::string, int64_t> numbers{{"--threads", 2}, {"--warm-up", 1}, {"--batches", 0}};
  for (int i = 3; i + 1 < count; i += 2) numbers.at(arguments[i]) = std::stoll(arguments[i + 1]);
  const std::string kind = count > 2 ? arguments[1] : "";
  if (kind != "images" && kind != "tokens")
    throw DataError("usage: loader images|tokens FOLDER [--threads N] [--warm-up N] [--batches N]");
  const Work work = kind == "images" ? images(arguments[2]) : tokens(arguments[2]);
  const auto figures =
      measure(work, static_cast<int>(numbers["--threads"]), numbers["--warm-up"], numbers["--batches"]);
  std::puts(figures.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace echelon::data

int main(int count, char** arguments) {
  try {
    return echelon::data::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
