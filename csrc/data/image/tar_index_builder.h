// Writes the index beside a tar shard: docs/formats/tar-index.md is the specification of the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/image/tar_index_layout.h"
#include "data/image/tar_reader.h"

namespace echelon::data {

/// Gathers what an index says, sample by sample.
class TarIndexBuilder {
 public:
  /// Whether the format has room for a key and an extension.
  static bool can_hold(std::string_view key, std::string_view extension);
  /// `extension` in lower case. The key and the extension must be those that split_field() finds in the name
  /// of the entry. Throws DataError for a key, an extension or a number of fields beyond the format's limits.
  void add(std::string_view key, std::string_view extension, const TarEntry& entry, std::string_view content);
  /// The bytes of the index.
  std::string bytes(const ShardIdentity& shard) const;

 private:
  uint16_t number_of(std::string_view extension);
  void close_sample();

  std::vector<std::string> extensions_;
  std::string key_;
  std::string samples_;  ///< those that are complete
  std::string fields_;   ///< of the sample that is not
  uint16_t fields_in_sample_ = 0;
  uint64_t sample_count_ = 0, field_count_ = 0;
};

}  // namespace echelon::data
