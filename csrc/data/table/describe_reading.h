// The declaration of TableReading within the settings of those who read tables.
#pragma once

#include "config/fields.h"
#include "data/table/settings.h"

namespace echelon::data {

/// All but the format.
template <class T>
void describe_columns(config::Fields<T>& f) {
  f.add("types", &T::types,
        "What columns of CSV and JSON lines hold; of others it is what their values in the first 16 MiB have "
        "in common.")
      .one_of({"bool", "int", "float", "text", "date"})
      .example("{zip: text}");
  f.add("csv", &T::csv, "How CSV is read.");
}

template <class T>
void describe_reading(config::Fields<T>& f) {
  f.add("format", &T::format, "auto: by the names of the files, else by their first bytes.")
      .values({{"auto", table::TableFormat::kAuto},
               {"parquet", table::TableFormat::kParquet},
               {"arrow", table::TableFormat::kArrow},
               {"csv", table::TableFormat::kCsv},
               {"jsonl", table::TableFormat::kJsonLines}});
  describe_columns(f);
}

void check_reading(const TableReading& reading, config::Checks& checks);

/// Of a list of columns, each is named once.
void check_distinct(const std::vector<std::string>& columns, std::string_view key, config::Checks& checks);

}  // namespace echelon::data
