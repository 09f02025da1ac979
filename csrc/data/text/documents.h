// The documents in files of text.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "data/text/settings.h"
#include "storage/storage.h"

namespace echelon::data {

/// A part of a document, and whether a model is to learn to write it or only reads it.
struct Segment {
  std::string text;
  bool is_target = true;
};
using Document = std::vector<Segment>;

enum class DocumentFormat {
  kPlain,      ///< the whole file is one document
  kJsonLines,  ///< a JSON object on each line: .jsonl, .ndjson
  kParquet,    ///< a row each: .parquet, .pq
};

/// By the name, before .gz and .zst.
DocumentFormat document_format(const std::string& path);

/// What of a line or row is a document.
struct DocumentOptions {
  std::string text_key = "text";  ///< its member or column
  std::optional<InstructionSettings> instruction{};
  bool skip_damaged = false;
};

DocumentOptions document_options(const TextSettings& settings);

/// A part of a file: the lines that begin at one of the bytes [begin, end) of JSON lines that are not
/// compressed, the row groups [begin, end) of Parquet. Other files are read as a whole.
struct DocumentRange {
  int64_t begin = 0;
  int64_t end = std::numeric_limits<int64_t>::max();
};

/// Calls `take` with each document of a file, compressed or not: of a line or row its member or column
/// `text_key`, or with `instruction` its prompt, which is only read, and its response. Blank lines are none.
/// Returns how many lines and rows were damaged and left out, with `skip_damaged`; else throws DataError
/// that names file and line (or its offset, in a part that does not begin with the first) or row.
int64_t read_documents(storage::Storage& storage, const std::string& path, const DocumentOptions& options,
                       const std::function<void(const Document&)>& take, const DocumentRange& range = {});

}  // namespace echelon::data
