// What `echelon inspect` prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::inspect {

/// Lines of text, and the damage that was found.
class Report {
 public:
  explicit Report(std::string title) : text_(std::move(title) + "\n") {}

  void row(std::string_view name, std::string_view value);  ///< indented, names in a column
  void line(std::string_view text);                         ///< as it is
  /// Counts a problem; the first few are printed at the end.
  void problem(const std::string& what);

  int64_t problems() const { return problems_; }
  std::string text() const;

 private:
  std::string text_;
  std::vector<std::string> first_problems_;
  int64_t problems_ = 0;
};

/// Smallest, median, mean, 95th percentile and largest of whole numbers that are measured, not estimated.
class Distribution {
 public:
  void add(int64_t value) { values_.push_back(value); }
  bool empty() const { return values_.empty(); }
  /// "3 to 812, median 40, mean 61.5, 95 % up to 200".
  std::string text() const;

 private:
  std::vector<int64_t> values_;
};

}  // namespace echelon::inspect
