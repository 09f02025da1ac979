// The columns of a table as the numbers that a model sees, and the target as what it learns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "table/features.h"
#include "table/table_file.h"
#include "table/vocabulary.h"

namespace echelon::table {

/// How a number becomes an input: (value − mean) / deviation, with `fill` where the value is missing.
struct NumberEncoding {
  double fill = 0, mean = 0, deviation = 1;
  bool operator==(const NumberEncoding&) const = default;
};

struct EncodedFeature {
  FeatureSettings settings;
  NumberEncoding number;  ///< of floats and integers
  Vocabulary vocabulary;  ///< of categories
};

struct EncodedTarget {
  TargetSettings settings;
  NumberEncoding number;     ///< of numbers; the mean and deviation that the target itself is encoded with
  double training_mean = 0;  ///< of numbers, whether standardised or not
  Vocabulary classes;        ///< of classes: class i is its value i
};

/// Rows as a model's inputs and targets.
struct EncodedRows {
  int64_t rows = 0;
  std::vector<float> numbers;       ///< [rows, float and integer features], in the order of the settings
  std::vector<int32_t> categories;  ///< [rows, categorical features]
  std::vector<int32_t> classes;     ///< [rows] where the target is a class
  std::vector<float> targets;       ///< [rows] where it is a number
  /// Why a row cannot be used, by its place among the rows: a value is missing where it must not be, or is
  /// not of the feature's kind. Names the column.
  std::map<int64_t, std::string> problems;

  int64_t bytes() const;
};

/// Thread-safe.
class FeatureEncoder {
 public:
  /// Throws DataError that names a column whose values are not finite.
  explicit FeatureEncoder(const FeatureFit& fit);
  FeatureEncoder(std::vector<EncodedFeature> features, std::optional<EncodedTarget> target);

  /// The rows of a block; `inputs` false: their targets alone. Throws what the file's read() throws.
  EncodedRows encode(const TableFile& file, int64_t block, bool inputs = true) const;
  /// The inputs alone, of rows in memory: `columns` are those of features(), in their order.
  EncodedRows encode_inputs(std::span<const Column> columns) const;

  const std::vector<EncodedFeature>& features() const { return features_; }
  const std::optional<EncodedTarget>& target() const { return target_; }
  int64_t numbers() const { return numbers_; }
  /// Of each categorical feature, with the unknown one.
  const std::vector<int64_t>& categories() const { return categories_; }
  bool has_classes() const { return target_ && target_->settings.kind == TargetKind::kClass; }
  int64_t classes() const { return has_classes() ? target_->classes.size() - 1 : 0; }
  /// Every column that is read.
  std::vector<std::string> columns(bool inputs = true) const;

 private:
  void count();
  void encode_targets(const Column& column, EncodedRows& result) const;
  void encode_inputs(std::span<const Column> columns, EncodedRows& result) const;

  std::vector<EncodedFeature> features_;
  std::optional<EncodedTarget> target_;
  int64_t numbers_ = 0;
  std::vector<int64_t> categories_;
};

}  // namespace echelon::table
