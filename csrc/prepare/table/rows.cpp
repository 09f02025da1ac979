#include "prepare/table/rows.h"

#include <algorithm>

#include "common/error.h"

namespace echelon::prepare {
namespace {

constexpr int64_t kOpenFiles = 64;
constexpr int64_t kSharedBytes = int64_t{256} << 20;

}  // namespace

TableRows::TableRows(const TablePreparation& settings, std::vector<InputTable> tables,
                     std::vector<std::string> columns, storage::Storage& storage)
    : skips_(settings.on_error == data::OnError::kSkip),
      tables_(std::move(tables)),
      columns_(std::move(columns)),
      files_(kOpenFiles,
             [this, settings, &storage](int64_t table) {
               return data::BlockCache<table::TableFile>::Decoded{
                   open_input(settings, tables_[static_cast<size_t>(table)], storage), 1};
             }),
      blocks_(kSharedBytes, [this](int64_t place) {
        auto columns = std::make_shared<Columns>(decode(place));
        int64_t bytes = 1;
        for (const table::Column& column : *columns) bytes += value_bytes(column, 0, column.rows);
        return data::BlockCache<Columns>::Decoded{std::move(columns), bytes};
      }) {
  for (size_t table = 0; table < tables_.size(); ++table) {
    for (size_t block = 0; block < tables_[table].block_rows.size(); ++block) {
      const int64_t rows = tables_[table].block_rows[block];
      if (rows > 0)
        places_.push_back({static_cast<int64_t>(table), static_cast<int64_t>(block), size(), rows});
    }
  }
}

int64_t TableRows::read(int64_t begin, int64_t end, const Take& take) const {
  const auto after = std::ranges::upper_bound(places_, begin, {}, &Place::first_row);
  int64_t left_out = 0;
  for (auto place = after - 1; place != places_.end() && place->first_row < end; ++place) {
    const int64_t first = std::max(begin - place->first_row, int64_t{0});
    const int64_t last = std::min(end - place->first_row, place->rows);
    // The rest of a block is asked for with the rows before or behind these.
    if (const auto columns = columns_of(place - places_.begin(), last - first < place->rows)) {
      take(*columns, first, last);
    } else {
      left_out += last - first;
    }
  }
  return left_out;
}

/// Null for a damaged block that is passed over.
std::shared_ptr<const TableRows::Columns> TableRows::columns_of(int64_t place, bool shared) const {
  try {
    return shared ? blocks_.get(place) : std::make_shared<const Columns>(decode(place));
  } catch (const DataError&) {
    if (!skips_) throw;
    return nullptr;
  }
}

TableRows::Columns TableRows::decode(int64_t place) const {
  const Place& at = places_[static_cast<size_t>(place)];
  return files_.get(at.table)->read(at.block, columns_);
}

}  // namespace echelon::prepare
