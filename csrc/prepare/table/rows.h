// The rows of several tables, one after the other.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/block_cache.h"
#include "prepare/table/inputs.h"

namespace echelon::prepare {

/// Thread-safe. A few tables are held open, and blocks that several ask for are decoded once.
class TableRows {
 public:
  /// `tables` have `columns`. With `skip_damaged`, blocks that cannot be read are passed over.
  TableRows(const TablePreparation& settings, std::vector<InputTable> tables,
            std::vector<std::string> columns, storage::Storage& storage);

  int64_t size() const { return places_.empty() ? 0 : places_.back().first_row + places_.back().rows; }

  /// Some of the columns' rows, [begin, end).
  using Take = std::function<void(std::span<const table::Column> columns, int64_t begin, int64_t end)>;
  /// Calls `take` with the rows [begin, end) of all tables, in order. Returns how many were left out; throws
  /// DataError that names file, block and column.
  int64_t read(int64_t begin, int64_t end, const Take& take) const;

 private:
  using Columns = std::vector<table::Column>;
  struct Place {
    int64_t table = 0, block = 0;
    int64_t first_row = 0, rows = 0;  ///< of all
  };
  std::shared_ptr<const Columns> columns_of(int64_t place, bool shared) const;
  Columns decode(int64_t place) const;

  bool skips_;
  std::vector<InputTable> tables_;
  std::vector<std::string> columns_;
  std::vector<Place> places_;
  data::BlockCache<table::TableFile> files_;
  data::BlockCache<Columns> blocks_;
};

}  // namespace echelon::prepare
