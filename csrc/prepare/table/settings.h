// Tables → Parquet files of equal size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/table/settings.h"
#include "prepare/settings.h"

namespace echelon::prepare {

struct TablePreparation : CommonSettings, data::TableReading {
  std::vector<std::string> columns;  ///< empty: all
  int64_t rows_per_file = 1'000'000;
  int64_t rows_per_group = 65'536;
  table::ParquetCompression compression = table::ParquetCompression::kZstd;
};
void describe(config::Fields<TablePreparation>& f);

}  // namespace echelon::prepare
