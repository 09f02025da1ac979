#include "data/table/settings.h"

#include <set>

#include "common/format.h"
#include "config/fields.h"
#include "data/describe_loading.h"
#include "data/table/describe_reading.h"

namespace echelon::data {
namespace {

void check_csv(const CsvSettings& s, config::Checks& checks) {
  if (s.delimiter.size() > 1) checks.problem("delimiter", "must be one character");
  if (s.delimiter == "\"") checks.problem("delimiter", "cannot be the quote");
  if (!s.header && s.columns.empty()) checks.problem("columns", "is needed where header is false");
}

void check_table(const TableSettings& s, config::Checks& checks) {
  if (s.features.contains(s.target.column))
    checks.problem("features", str_format("cannot contain the target \"{}\"", s.target.column));
  const bool is_class = s.target.kind == table::TargetKind::kClass;
  if (s.stratified && !is_class) checks.problem("stratified", "needs a target of type class");
  check_reading(s, checks);
}

}  // namespace

void describe(config::Fields<CsvSettings>& f) {
  f.about("How CSV is read.");
  f.add("delimiter", &CsvSettings::delimiter,
        "The character between fields; not set: a tab in .tsv files, else a comma.")
      .example("';'");
  f.add("header", &CsvSettings::header, "The first record names the columns.");
  f.add("columns", &CsvSettings::columns,
        "The names of the columns, in place of those of a header; needed without one.");
  f.add("missing", &CsvSettings::missing,
        "What stands for a missing value, besides the empty field; not set: NA, N/A, NaN, null, None, #N/A.")
      .example("['?', '-999']");
  f.check(check_csv);
}

void describe(config::Fields<TableSettings>& f) {
  f.about("Rows of tables: Parquet, Arrow, CSV, JSON lines.");
  f.add("train", &TableSettings::train,
        "Tables with the same columns as paths, globs or ranges like part-{000..127}.parquet.")
      .min_items(1)
      .example("['data/part-*.parquet']");
  f.add("test", &TableSettings::test, "The same for evaluation.");
  f.add("features", &TableSettings::features,
        "The columns that the model sees, by name; a short form is the type alone. Not set: every column but "
        "the target, numbers and times as float, text and bools as categorical.")
      .example("{age: float, job: categorical, rooms: {type: integer, missing: mean}}");
  f.add("target", &TableSettings::target, "The column that is learned.").required();
  describe_reading(f);
  f.add("memory_mb", &TableSettings::memory_mb,
        "Rows that each rank keeps as numbers. What does not fit is read and converted again when it is "
        "needed; then shuffle: {shards: n} reads each block once an epoch.")
      .unit("MiB")
      .above(0);
  describe_loading(f);
  f.check(check_table);
}

void check_reading(const TableReading& reading, config::Checks& checks) {
  const bool stores_types =
      reading.format == table::TableFormat::kParquet || reading.format == table::TableFormat::kArrow;
  const bool csv = reading.format == table::TableFormat::kAuto || reading.format == table::TableFormat::kCsv;
  if (stores_types && !reading.types.empty())
    checks.problem("types", "has no effect on Parquet and Arrow, whose files say what their columns are");
  if (!csv && checks.is_set("csv")) checks.problem("csv", "has no effect on this format");
}

void check_distinct(const std::vector<std::string>& columns, std::string_view key, config::Checks& checks) {
  std::set<std::string_view> seen;
  for (const std::string& column : columns)
    if (!seen.insert(column).second) checks.problem(key, str_format("names \"{}\" twice", column));
}

std::vector<table::FeatureSettings> listed_features(const TableSettings& settings) {
  std::vector<table::FeatureSettings> features;
  for (const auto& [column, feature] : settings.features) {
    features.push_back(feature);
    features.back().column = column;
  }
  return features;
}

}  // namespace echelon::data
