// manifest/00000001.json: what one batch of files became. docs/formats/predictions.md is its specification.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/file.h"
#include "table/column.h"
#include "work/stored_file.h"

namespace echelon::predict {

struct BatchRecord {
  int64_t number = 1;  ///< from 1, in the order in which they were made
  std::string model_path;
  std::string model_digest;
  std::string model_version;
  std::string settings;  ///< YAML, all that decide what is made
  /// Columns of the input that stand beside the predictions; none: no file could be read, and so none was
  /// chosen.
  std::optional<table::Schema> kept;
  std::vector<work::InputFile> inputs;
  work::Counts counts;
  std::vector<work::StoredFile> files;
};

std::string render_record(const BatchRecord& record);
/// Throws DataError that names `name` and what is wrong.
BatchRecord parse_record(const std::string& text, const std::string& name);

fs::path record_path(const fs::path& output, int64_t number);
/// Those of an output folder, by number. Throws DataError: one is damaged, or missing among them.
std::vector<BatchRecord> read_records(const fs::path& output);
/// In place, under its number, when this returns.
void write_record(const fs::path& output, const BatchRecord& record);

}  // namespace echelon::predict
