// Images that have a class and nothing else: of Parquet files, and of folders.
#include <xxhash.h>

#include <filesystem>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "data/image/source.h"
#include "image/format.h"
#include "prepare/image/recoder.h"
#include "prepare/image/samples.h"
#include "work/share_work.h"

namespace echelon::prepare {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostClasses = std::numeric_limits<int32_t>::max();

data::SourceOptions source_options(const ImagePreparation& settings, Communicator& comm) {
  return {.label_key = settings.label_key,
          .image_key = settings.image_key,
          .classes = kMostClasses,
          .skip_damaged = settings.on_error == data::OnError::kSkip,
          .storage = std::make_shared<storage::Storage>(settings.storage),
          .communicator = &comm};
}

/// An ImageSource as samples of two fields.
class LabelledSamples : public SampleSource {
 public:
  explicit LabelledSamples(std::unique_ptr<data::ImageSource> source) : source_(std::move(source)) {}

  int64_t size() const override { return source_->size(); }
  int64_t left_out() const override { return source_->left_out(); }
  std::string place(int64_t index) const override { return source_->place(index); }

  data::Sample read(int64_t index) const override {
    thread_local std::vector<uint8_t> encoded;
    source_->read(index, encoded);
    return {key(index),
            {{extension_of(image::detect_format(encoded)), {encoded.begin(), encoded.end()}},
             {"cls", str_format("{}", source_->label(index))}}};
  }

 protected:
  virtual std::string key(int64_t index) const = 0;
  const data::ImageSource& source() const { return *source_; }

 private:
  std::unique_ptr<data::ImageSource> source_;
};

class ParquetSamples final : public LabelledSamples {
 public:
  ParquetSamples(std::unique_ptr<data::ImageSource> source, std::vector<work::InputFile> inputs)
      : LabelledSamples(std::move(source)), inputs_(std::move(inputs)) {}
  std::vector<work::InputFile> inputs() const override { return inputs_; }

 private:
  std::string key(int64_t index) const override { return str_format("{:09}", index); }

  std::vector<work::InputFile> inputs_;
};

class FolderSamples final : public LabelledSamples {
 public:
  FolderSamples(std::unique_ptr<data::ImageSource> source, std::string root,
                std::vector<std::string> class_names, Communicator& comm)
      : LabelledSamples(std::move(source)), root_(std::move(root)), class_names_(std::move(class_names)) {
    input_ = describe(comm);
  }
  std::vector<work::InputFile> inputs() const override { return {input_}; }
  std::vector<std::string> class_names() const override { return class_names_; }

 private:
  /// CLASS/NAME without the ending. A dot would end the key, and names like __x__ are no samples in a shard.
  std::string key(int64_t index) const override {
    const fs::path path = fs::path(place(index)).lexically_relative(root_);
    std::string base = path.stem().string();
    for (char& c : base) {
      if (c == '.') c = '_';
    }
    const std::string key = (path.parent_path() / base).string();
    return key.starts_with("__") ? "./" + key : key;
  }

  /// The folder as one input: its version changes with the name or the size of any image.
  work::InputFile describe(Communicator& comm) const {
    constexpr int64_t kPart = 4096;
    const auto look = [&](int64_t part) {
      std::string seen;
      int64_t bytes = 0;
      for (int64_t i = part * kPart; i < std::min(size(), (part + 1) * kPart); ++i) {
        std::error_code error;
        const auto held = static_cast<int64_t>(fs::file_size(place(i), error));
        if (error) throw DataError(str_format("cannot look at {}: {}", place(i), error.message()));
        seen += str_format("{}:{}\n", place(i), held);
        bytes += held;
      }
      return str_format("{} {:016x}", bytes, XXH3_64bits(seen.data(), seen.size()));
    };
    work::InputFile input{.name = root_};
    std::string all;
    for (const std::string& part : work::share_work((size() + kPart - 1) / kPart, look, &comm)) {
      input.bytes += std::stoll(part);
      all += part;
    }
    input.version = str_format("{}:{:016x}", size(), XXH3_64bits(all.data(), all.size()));
    return input;
  }

  std::string root_;
  std::vector<std::string> class_names_;
  work::InputFile input_;
};

}  // namespace

std::unique_ptr<SampleSource> open_parquet_samples(const Paths& paths, const ImagePreparation& settings,
                                                   std::vector<work::InputFile> inputs, Communicator& comm) {
  return std::make_unique<ParquetSamples>(data::open_parquet_images(paths, source_options(settings, comm)),
                                          std::move(inputs));
}

std::unique_ptr<SampleSource> open_folder_samples(const std::string& root, const ImagePreparation& settings,
                                                  Communicator& comm) {
  std::vector<std::string> names = data::class_names_in(root);
  auto source = data::open_class_folders(root, names, source_options(settings, comm));
  return std::make_unique<FolderSamples>(std::move(source), root, std::move(names), comm);
}

}  // namespace echelon::prepare
