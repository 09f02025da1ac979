// The documents in files of text.
#pragma once

#include <cstdint>
#include <functional>
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

/// Calls `take` with each document of a file, compressed or not: of a line or row its member or column
/// `text_key`, or with `instruction` its prompt, which is only read, and its response. Blank lines are none.
/// Returns how many lines and rows were damaged and left out, under `on_error: skip`; else throws DataError
/// that names file and line or row.
int64_t read_documents(storage::Storage& storage, const std::string& path, const TextSettings& settings,
                       const std::function<void(const Document&)>& take);

}  // namespace echelon::data
