// What is learned of the columns of a table from the training files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "table/settings.h"
#include "table/statistics.h"
#include "table/table_file.h"
#include "table/vocabulary.h"

namespace echelon::table {

/// What is known of one column from the training files, as far as its settings need it.
struct FeatureFacts {
  Statistics statistics;
  VocabularyBuilder values;
};

/// The facts of all features and the target, gathered block by block, in any number of places.
class FeatureFit {
 public:
  explicit FeatureFit(std::vector<FeatureSettings> features, std::optional<TargetSettings> target = {});

  /// Reads what is needed of a block. Throws DataError that names file, block and column.
  void add(const TableFile& file, int64_t block);
  /// Merged in the same order, the same parts give the same bits.
  void merge(const FeatureFit& other);

  std::string pack() const;
  void merge_packed(std::string_view bytes);

  const std::vector<FeatureSettings>& features() const { return features_; }
  const std::optional<TargetSettings>& target() const { return target_; }
  /// Of feature `index`; of the target at features().size().
  const FeatureFacts& facts(size_t index) const { return facts_[index]; }

 private:
  std::vector<FeatureSettings> features_;
  std::optional<TargetSettings> target_;
  std::vector<FeatureFacts> facts_;
};

}  // namespace echelon::table
