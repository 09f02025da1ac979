// The documents in files of text.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/settings.h"

namespace echelon::data {

/// A part of a document, and whether a model is to learn to write it or only reads it.
struct Segment {
  std::string text;
  bool is_target = true;
};
using Document = std::vector<Segment>;

/// Whether a file holds a JSON object on each line, by its name: .jsonl or .ndjson.
bool is_json_lines(const std::string& path);

/// Calls `take` with each document: the whole file, or for JSON lines each line: its member `text_key`, or
/// with `instruction` its prompt, which is only read, and its response. Blank lines are none. Returns how
/// many lines were damaged and left out, under `on_error: skip`; else throws DataError that names file and
/// line.
int64_t read_documents(const std::string& path, const TextSettings& settings,
                       const std::function<void(const Document&)>& take);

}  // namespace echelon::data
