// Rows of tables as samples.
#pragma once

#include <memory>
#include <vector>

#include "data/block_cache.h"
#include "data/dataset.h"
#include "table/encoder.h"

namespace echelon::data {

/// Rows that lie together in a file.
struct TableBlock {
  std::shared_ptr<const table::TableFile> file;
  int64_t block = 0;
  int64_t rows() const { return file->blocks()[static_cast<size_t>(block)].rows; }
};

struct TableDatasetOptions {
  int64_t memory_bytes = int64_t{1} << 30;  ///< of encoded rows that are kept
  int64_t left_out = 0;
};

/// Batches: inputs {"features": [batch, number] in the job's type, "categories": int64 [batch, category]},
/// each where there are any; target int64 [batch], or for a number [batch] in the job's type. A row takes
/// bytes_a_row() in memory, for each rank that loads.
class TableDataset final : public Dataset {
 public:
  /// `blocks` have rows. `inputs` false: targets alone.
  TableDataset(std::vector<TableBlock> blocks, std::shared_ptr<const table::FeatureEncoder> encoder,
               TableDatasetOptions options, bool inputs = true);

  int64_t size() const override { return starts_.back(); }
  int64_t left_out() const override { return options_.left_out; }
  std::vector<int64_t> blocks() const override { return {starts_.begin(), starts_.end() - 1}; }
  std::optional<int64_t> label(int64_t index) const override;
  std::string place(int64_t index) const override;
  std::vector<std::string> class_names() const override;
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override;
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override;
  std::shared_ptr<const Dataset> targets() const override;

  int64_t bytes_a_row() const;

 private:
  struct Encoded {
    table::EncodedRows rows;
    std::string failure;  ///< why none of its rows can be read; empty: they can
  };
  struct Place {
    size_t block;
    int64_t row;
  };
  Place place_of(int64_t index) const;
  std::shared_ptr<const Encoded> encode(size_t block) const;

  std::vector<TableBlock> blocks_;
  std::vector<int64_t> starts_;  ///< of the blocks, and the end of the last
  std::shared_ptr<const table::FeatureEncoder> encoder_;
  TableDatasetOptions options_;
  bool inputs_;
  BlockCache<Encoded> cache_;
};

}  // namespace echelon::data
