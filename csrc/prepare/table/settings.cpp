#include "prepare/table/settings.h"

#include "data/table/describe_reading.h"
#include "prepare/describe_common.h"

namespace echelon::prepare {
namespace {

void check_table(const TablePreparation& s, config::Checks& checks) {
  data::check_reading(s, checks);
  data::check_distinct(s.columns, "columns", checks);
}

}  // namespace

void describe(config::Fields<TablePreparation>& f) {
  f.about("Tables of the same columns are made into Parquet files with equally many rows.");
  f.add("input", &TablePreparation::input,
        "Parquet, Arrow, CSV and JSON lines, in any mixture, the latter two also .gz and .zst: paths, globs "
        "or "
        "ranges, also in object stores (s3://, gs://).")
      .required()
      .min_items(1)
      .example("[exports/*.csv.gz, old.parquet]");
  f.add("columns", &TablePreparation::columns,
        "The columns to keep, in this order; not set: all, and then every file must have the same.")
      .example("[area, year, rent]");
  data::describe_reading(f);
  f.add("rows_per_file", &TablePreparation::rows_per_file, "Rows of each file but the last.")
      .at_least(1)
      .unit("rows");
  f.add("rows_per_group", &TablePreparation::rows_per_group,
        "Rows of a row group: what is read, and held in memory, at a time. Rows of long texts or images make "
        "groups that end before, at 512 MiB.")
      .at_least(1)
      .unit("rows");
  f.add("compression", &TablePreparation::compression, "Of the pages of the files.")
      .values({{"zstd", table::ParquetCompression::kZstd},
               {"snappy", table::ParquetCompression::kSnappy},
               {"none", table::ParquetCompression::kNone}});
  describe_common(f);
  f.check(check_table);
}

}  // namespace echelon::prepare
