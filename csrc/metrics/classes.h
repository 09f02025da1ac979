// How often each class was predicted for each class, and what follows from it.
//
// Conventions are those of scikit-learn's precision_recall_fscore_support with zero_division=0.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace echelon::metrics {

/// Counts that may be taken in parts: those of parts add up.
class ConfusionCounts {
 public:
  /// The matrix is kept for up to kMatrixClasses classes; of more only its diagonal and its sums.
  static constexpr int64_t kMatrixClasses = 2048;

  explicit ConfusionCounts(int64_t classes);

  /// Throws DataError for a class outside [0, classes).
  void add(int64_t true_class, int64_t predicted_class);

  int64_t classes() const { return classes_; }
  bool has_matrix() const { return classes_ <= kMatrixClasses; }
  int64_t total() const;
  int64_t support(int64_t c) const { return at(kSupport, c); }      ///< samples of class c
  int64_t predicted(int64_t c) const { return at(kPredicted, c); }  ///< samples taken for class c
  int64_t correct(int64_t c) const { return at(kCorrect, c); }
  /// Samples of `true_class` that were taken for `predicted_class`; only where there is a matrix.
  int64_t count(int64_t true_class, int64_t predicted_class) const;

  /// All numbers, to be added to those of other parts.
  std::span<int64_t> numbers() { return numbers_; }

 private:
  enum Row : int64_t { kSupport, kPredicted, kCorrect, kRows };
  int64_t at(int64_t row, int64_t column) const {
    return numbers_[static_cast<size_t>(row * classes_ + column)];
  }

  int64_t classes_;
  std::vector<int64_t> numbers_;  ///< [kRows, classes], then the matrix by rows of the true class
};

/// A ratio whose divisor is 0 is 0.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;
};

struct ClassReport {
  double accuracy = 0;
  std::vector<ClassScores> classes;
  ClassScores macro;     ///< means over the classes that have samples or were predicted
  ClassScores weighted;  ///< means weighted by support
};

/// Of at least one sample.
ClassReport report_classes(const ConfusionCounts& counts);

struct ConfusedPair {
  int64_t true_class = 0, predicted_class = 0, count = 0;
};

/// The most frequent mistakes, at most `limit`; of equal ones the lower classes first. Needs the matrix.
std::vector<ConfusedPair> most_confused(const ConfusionCounts& counts, size_t limit);

}  // namespace echelon::metrics
