// Where the samples of a tar shard lie: what is kept in memory of each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/image/source.h"
#include "data/image/tar_reader.h"

namespace echelon::data {

/// The image of a sample. The key is not kept: it is read again from the header when a message needs it.
struct TarSample {
  int64_t offset = 0;        ///< of the image's first header block
  uint32_t header_size = 0;  ///< bytes from there to the image
  uint32_t size = 0;         ///< of the image, in bytes
  int32_t label = 0;
  uint32_t shard = 0;
  bool operator==(const TarSample&) const = default;
};

/// The content of a further field.
struct TarField {
  int64_t offset = 0;
  int64_t size = 0;
  bool operator==(const TarField&) const = default;
};

struct ShardIndex {
  std::vector<TarSample> samples{};
  std::vector<TarField> fields{};  ///< of each sample all of SourceOptions::fields, in their order
  int64_t left_out = 0;            ///< samples, and the rest of a damaged shard as one
  std::string first_problem;       ///< of what was left out
};

/// The two halves of a file name: "train/0001.seg.png" → {"train/0001", "seg.png"}. Nothing for names without
/// a field, for hidden files and for the `__name__` entries that carry WebDataset's own metadata.
struct FieldName {
  std::string_view key;
  std::string field;  ///< in lower case
};
std::optional<FieldName> split_field(std::string_view name);

/// Gathers the entries of one shard into samples, and reads their labels. A sample whose key occurred before
/// in the shard is damaged. Throws DataError unless `options.skip_damaged`.
ShardIndex index_shard(TarEntries& entries, uint32_t shard, const SourceOptions& options);

/// As bytes that another rank can read, and back.
std::string pack(const ShardIndex& index);
ShardIndex unpack(std::string_view bytes);

}  // namespace echelon::data
