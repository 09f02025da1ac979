// Which tables are trained on, which of their columns a model sees, and which it learns.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/loading_settings.h"
#include "table/settings.h"

namespace echelon::data {

/// How CSV is read where it is not as most are (docs/tables.md).
struct CsvSettings {
  std::string delimiter;  ///< one character; empty: a tab for .tsv, else a comma
  bool header = true;
  std::vector<std::string> columns;
  std::vector<std::string> missing;  ///< empty: the usual ones
};
void describe(config::Fields<CsvSettings>& f);

/// How files become columns.
struct TableReading {
  table::TableFormat format = table::TableFormat::kAuto;
  std::map<std::string, std::string> types;  ///< of columns of CSV and JSON lines, as table::parse_type()
  CsvSettings csv;
};

struct TableSettings : LoadingSettings, TableReading {
  std::map<std::string, table::FeatureSettings> features;  ///< by column; empty: every column but the target
  table::TargetSettings target;
  double memory_mb = 1024;
};
void describe(config::Fields<TableSettings>& f);

/// The features with their columns, in the order in which a model sees them: that of their names.
std::vector<table::FeatureSettings> listed_features(const TableSettings& settings);

}  // namespace echelon::data
