// The columns of a table as the numbers that a model sees.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "table/settings.h"
#include "table/statistics.h"
#include "table/table_file.h"
#include "table/vocabulary.h"

namespace echelon::table {

/// What is known of one feature from the training files, as far as its settings need it.
struct FeatureFacts {
  Statistics statistics;
  VocabularyBuilder values;
};

/// The facts of all features, gathered block by block, in any number of places.
class FeatureFit {
 public:
  explicit FeatureFit(std::vector<FeatureSettings> features);

  /// Reads what is needed of a block. Throws DataError that names file, block and column.
  void add(const TableFile& file, int64_t block);
  /// Merged in the same order, the same parts give the same bits.
  void merge(const FeatureFit& other);

  std::string pack() const;
  void merge_packed(std::string_view bytes);

 private:
  friend class FeatureEncoder;
  std::vector<FeatureSettings> features_;
  std::vector<FeatureFacts> facts_;
};

/// Rows as a model's inputs.
struct EncodedRows {
  int64_t rows = 0;
  std::vector<float> floats;      ///< [rows, features of kind kFloat], in the order of the settings
  std::vector<int64_t> integers;  ///< [rows, features of other kinds]
};

/// Thread-safe.
class FeatureEncoder {
 public:
  explicit FeatureEncoder(const FeatureFit& fit);

  /// The rows of a block. Throws DataError that names file, row and column: a value is
  /// missing where it must not be, or is not of the feature's kind.
  EncodedRows encode(const TableFile& file, int64_t block) const;

  /// The number of categories of feature `index`, with the unknown one.
  int64_t categories(size_t index) const { return vocabularies_[index].size(); }
  const Vocabulary& vocabulary(size_t index) const { return vocabularies_[index]; }

 private:
  struct Numeric {
    double fill = 0, shift = 0, scale = 1;
  };
  std::vector<FeatureSettings> features_;
  std::vector<Numeric> numerics_;
  std::vector<Vocabulary> vocabularies_;
};

}  // namespace echelon::table
