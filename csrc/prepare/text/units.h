// Files of text, cut into units.
#pragma once

#include <string>
#include <vector>

#include "data/text/documents.h"
#include "prepare/manifest.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// A file, or a part of one.
struct TextPart {
  std::string path;
  data::DocumentRange range;
};

/// What is known of a file of text.
struct TextFile {
  work::InputFile file;
  bool divisible = false;           ///< at lines
  std::vector<int64_t> row_groups;  ///< of Parquet: the rows of each
};

/// Each of about `unit_bytes`, of stored input, in the order of the files.
std::vector<std::vector<TextPart>> cut_into_units(const std::vector<TextFile>& files, int64_t unit_bytes);

/// The files that `patterns` name, looked at by all ranks together. Collective. Throws DataError: none, one
/// that is a token shard already, or Parquet that is damaged.
std::vector<TextFile> look_at_texts(storage::Storage& storage, const std::vector<config::InputPath>& patterns,
                                    Communicator& comm);

/// Of a setting in MB; at least 1.
int64_t unit_bytes(double megabytes);

std::vector<work::InputFile> input_files(const std::vector<TextFile>& files);

/// As data::read_documents for each part in turn; every error names the file, and with `skip_damaged` what
/// damages the rest of a file is counted, too.
int64_t read_unit(storage::Storage& storage, const std::vector<TextPart>& parts,
                  const data::DocumentOptions& options,
                  const std::function<void(const data::Document&)>& take);

}  // namespace echelon::prepare
