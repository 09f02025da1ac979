// What a model sees of a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace echelon::table {

enum class FeatureKind {
  kFloat,        ///< a number, a bool as 0 or 1, a timestamp as days since 1970
  kInteger,      ///< a whole number
  kCategorical,  ///< the number of the value in a vocabulary made over all training files; 0: unknown
};

/// What stands in for a value that is missing (or NaN). In a categorical feature it is category 0.
enum class Missing { kFail, kMean, kFill };

/// `age: {type: float, missing: mean, standardise: true}`, or in short `job: categorical`. Proposed keys of
/// `data: {name: table, train: [x.parquet], features: {…}, target: …}`.
struct FeatureSettings {
  std::string column;
  FeatureKind kind = FeatureKind::kFloat;
  Missing missing = Missing::kFail;
  double fill = 0;           ///< for Missing::kFill
  bool standardise = false;  ///< of kFloat: subtract the mean, divide by the standard deviation, of training
  int64_t min_count = 1;     ///< of kCategorical: rarer values are unknown
  int64_t max_categories = 0;  ///< of kCategorical: only the most frequent ones; 0: all
};

}  // namespace echelon::table
