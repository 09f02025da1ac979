// What is made of rows: one interface, whatever the model reads and says.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "table/column.h"

namespace echelon::predict {

/// What the model says of rows, in their order.
struct Scores {
  std::vector<table::Column> columns;  ///< of Scorer::outputs(); of rows with a problem, any value
  /// Why a row cannot be scored, by its place among the rows. Names the column; file and row are added.
  std::map<int64_t, std::string> problems;
};

/// Thread-safe: several threads score at once.
class Scorer {
 public:
  virtual ~Scorer() = default;

  /// The columns that are read, in the order in which score() gets them.
  virtual const std::vector<std::string>& inputs() const = 0;
  /// Throws DataError that names `file` and column: it is missing, or of a type that does not serve.
  virtual void check(const std::string& file, const table::Schema& schema) const = 0;
  /// About how many rows are worth a unit of work of their own, and how many a thread of it at a time.
  struct Grain {
    int64_t unit_rows = int64_t{1} << 18;
    int64_t chunk_rows = int64_t{1} << 15;
  };
  virtual Grain grain() const { return {}; }
  /// The columns that are made.
  virtual const table::Schema& outputs() const = 0;

  virtual Scores score(std::span<const table::Column> inputs) const = 0;
};

}  // namespace echelon::predict
