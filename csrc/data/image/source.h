// Encoded images with their labels, by number, wherever they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage.h"

namespace echelon {
class Communicator;
}

namespace echelon::data {

/// Images longer than this are refused before memory is taken for them.
constexpr int64_t kMaxEncodedImage = int64_t{256} << 20;

/// Immutable and safe for several threads.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual int64_t size() const = 0;
  /// Damaged samples and shards that were left out on opening.
  virtual int64_t left_out() const = 0;
  /// The numbers of the first samples of the shards; {0} where there are none.
  virtual std::vector<int64_t> shard_starts() const { return {0}; }
  virtual int64_t label(int64_t index) const = 0;
  /// What the classes are called, by number; empty where the data do not say.
  virtual std::vector<std::string> class_names() const { return {}; }
  /// Puts the encoded image into `bytes`. Throws DataError.
  virtual void read(int64_t index, std::vector<uint8_t>& bytes) const = 0;
  /// The content of one of SourceOptions::fields, in memory of the caller. Throws DataError.
  virtual std::string read_field(int64_t index, std::string_view field) const;
  /// Where the sample lies, for messages: shard, offset and key.
  virtual std::string place(int64_t index) const = 0;
};

/// What opening needs to know besides the place of the data.
struct SourceOptions {
  std::string label_field = "cls";    ///< the field of a sample that holds its class: a whole number, or JSON
  std::string label_key = "label";    ///< the member of a JSON field, or the column, that is the class
  std::string image_key = "image";    ///< the column of encoded images
  std::vector<std::string> fields{};  ///< further fields that each sample must have, in lower case
  int64_t classes = 0;                ///< labels lie in [0, classes)
  bool skip_damaged = false;          ///< leave out and count, instead of throwing
  std::shared_ptr<storage::Storage> storage = std::make_shared<storage::Storage>();
  Communicator* communicator = nullptr;  ///< its ranks read the index together; null: alone
};

/// Samples of tar shards as the WebDataset convention groups them: consecutive files whose names agree up to
/// the first dot of the base name are the fields of one sample; the image is its `jpg`, `jpeg`, `png` or
/// `webp`. Collective. Throws DataError for damage, for a sample without image, label or one of the fields,
/// and for labels out of range, unless `skip_damaged`.
std::unique_ptr<ImageSource> open_tar_shards(const std::vector<std::string>& paths,
                                             const SourceOptions& options);

/// Rows of Parquet files: a column `image_key` with encoded images, or a struct with them as `bytes` as
/// Hugging Face writes it, and a column `label_key` of whole numbers. Row groups are decoded as a whole, so
/// samples should be read in an order that keeps those of one group together (data.shuffle.shards); some are
/// kept. Collective. Throws DataError for damage, missing columns and labels out of range, unless
/// `skip_damaged`.
std::unique_ptr<ImageSource> open_parquet_images(const std::vector<std::string>& paths,
                                                 const SourceOptions& options);

/// A folder with one folder of images for each class. Labels are the places of the folders' names in
/// `class_names`. Collective. Throws DataError for a folder that is no class and for a class without images.
std::unique_ptr<ImageSource> open_class_folders(const std::string& root,
                                                const std::vector<std::string>& class_names,
                                                const SourceOptions& options);

/// The names of the folders in `root`, sorted by bytes.
std::vector<std::string> class_names_in(const std::string& root);

}  // namespace echelon::data
