// Categories as numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "table/column.h"

namespace echelon::table {

/// The text by which a category is known: text and bytes as they are, whole numbers, bools and timestamps (in
/// microseconds) in decimal. Throws DataError for other types, and for floats that are not whole.
std::string category_at(const Column& column, int64_t row);

/// Numbers the values 1, 2, …; 0 is for what is missing or was not seen.
class Vocabulary {
 public:
  Vocabulary() = default;
  /// `values` are sorted as VocabularyBuilder::finish() does.
  explicit Vocabulary(std::vector<std::string> values);

  static constexpr int64_t kUnknown = 0;
  int64_t size() const { return static_cast<int64_t>(values_.size()) + 1; }  ///< with kUnknown
  int64_t id_of(std::string_view value) const;
  const std::vector<std::string>& values() const { return values_; }  ///< that of id i at i - 1

 private:
  std::vector<std::string> values_;
  std::map<std::string, int64_t, std::less<>> ids_;
};

/// Counts values. What comes out depends on the set of values alone, not on the order of files, blocks, ranks
/// or threads.
class VocabularyBuilder {
 public:
  void add(const Column& column);
  void merge(const VocabularyBuilder& other);

  /// The values that occur at least `min_count` times, and of those the `max_values` most frequent (0: all;
  /// of equally frequent ones the first), in order: numbers, if all values are whole numbers, else bytes.
  Vocabulary finish(int64_t min_count = 1, int64_t max_values = 0) const;

  /// As bytes that another rank can read, and back.
  std::string pack() const;
  static VocabularyBuilder unpack(std::string_view bytes);

 private:
  std::map<std::string, int64_t, std::less<>> counts_;
};

}  // namespace echelon::table
