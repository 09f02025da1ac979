// What a model sees of a table, and what it is to say of it.
#pragma once

#include <cstdint>
#include <string>

#include "config/declare.h"

namespace echelon::table {

enum class TableFormat { kAuto, kParquet, kArrow, kCsv, kJsonLines };

/// Of the pages of a Parquet file that is written.
enum class ParquetCompression { kNone, kSnappy, kZstd };

enum class FeatureKind {
  kFloat,        ///< a number, a bool as 0 or 1, a timestamp as days since 1970
  kInteger,      ///< the same, and it must be whole
  kCategorical,  ///< the number of the value in a vocabulary made over all training files; 0: unknown
};

/// What stands in for a value that is missing (or NaN). In a categorical feature it is category 0.
enum class Missing { kFail, kMean, kFill };

/// `age: {type: float, missing: mean}`, or in short `job: categorical`.
struct FeatureSettings {
  std::string column;  ///< not a key of its own: the name of the feature
  FeatureKind kind = FeatureKind::kFloat;
  Missing missing = Missing::kFail;
  double fill = 0;             ///< for Missing::kFill
  bool standardise = true;     ///< numbers: subtract the mean, divide by the standard deviation, of training
  int64_t min_count = 1;       ///< of kCategorical: rarer values are unknown
  int64_t max_categories = 0;  ///< of kCategorical: only the most frequent ones; 0: all
};
void describe(config::Fields<FeatureSettings>& f);

enum class TargetKind {
  kClass,   ///< text, a whole number or a bool: one of those that training has
  kNumber,  ///< as FeatureKind::kFloat
};

/// Never missing.
struct TargetSettings {
  std::string column;
  TargetKind kind = TargetKind::kClass;
  bool standardise = false;  ///< of kNumber
};
void describe(config::Fields<TargetSettings>& f);

}  // namespace echelon::table
