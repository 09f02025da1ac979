// A tar shard and its index (docs/formats/tar-index.md), sample by sample.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/image/tar_index_builder.h"
#include "data/image/tar_writer.h"

struct XXH3_state_s;

namespace echelon::data {

struct SampleField {
  std::string extension;  ///< in lower case, without the first dot
  std::string content;
};

/// What belongs together, as open_tar_shards() (source.h) groups it.
struct Sample {
  std::string key;
  std::vector<SampleField> fields;
};

/// Equal samples give equal bytes.
class ShardWriter {
 public:
  /// `sink` takes the bytes of the shard; what it throws is passed on.
  explicit ShardWriter(TarWriter::Sink sink);
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  /// Throws DataError, before anything is written, for a sample that cannot be found again: a key or an
  /// extension that a reader would see otherwise, or no fields.
  void add(const Sample& sample);
  /// Ends the shard. Returns the bytes of its index.
  std::string finish();

  int64_t size() const { return archive_.size(); }  ///< of the shard so far

 private:
  static void check(const Sample& sample);

  TarWriter archive_;
  TarIndexBuilder index_;
  XXH3_state_s* checksum_;
};

}  // namespace echelon::data
