// What the values of a numeric column are like.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "table/column.h"

namespace echelon::table {

/// The number that a feature is made of: a bool as 0 or 1, a timestamp as days since 1970-01-01 UTC; NaN
/// where it is missing. Throws DataError for text, bytes and lists.
double number_at(const Column& column, int64_t row);

/// Mean and variance by the pairwise update of Chan, Golub and LeVeque (1979): the same parts merged in the
/// same order give the same bits.
class Statistics {
 public:
  void add(const Column& column);  ///< as one part; NaN counts as missing
  void merge(const Statistics& other);

  int64_t count() const { return count_; }  ///< of values that are there
  int64_t missing() const { return missing_; }
  double mean() const { return mean_; }  ///< 0 when there is no value
  double standard_deviation() const;     ///< of the values as the whole population
  double min() const { return min_; }
  double max() const { return max_; }

  /// As bytes that another rank can read, and back.
  std::string pack() const;
  static Statistics unpack(std::string_view bytes);

 private:
  int64_t count_ = 0;
  int64_t missing_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< of the distances from the mean
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
};

}  // namespace echelon::table
