// manifest.json: what a preparation made, of what, and how. docs/formats/prepared.md is its specification.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/file.h"

namespace echelon::prepare {

constexpr const char* kManifestFile = "manifest.json";

using Counts = std::map<std::string, int64_t>;

struct InputFile {
  std::string name;       ///< as the user would write it
  int64_t bytes = 0;      ///< as it is stored
  std::string version{};  ///< RandomAccessFile::version(); not in the manifest, for it changes with a copy
};

struct StoredFile {
  std::string name;  ///< within the output folder
  int64_t bytes = 0;
  std::string checksum;  ///< XXH3-128, 32 hexadecimal digits
  Counts counts{};       ///< what is in it: "samples", "tokens", …
};

struct Manifest {
  std::string kind;
  std::string settings;  ///< YAML, all that decide what is made
  std::vector<InputFile> inputs;
  Counts counts;  ///< of all files, and of what was left out
  std::vector<StoredFile> files;
};

/// The same content gives the same bytes.
std::string render_manifest(const Manifest& manifest);
/// Whether `text` says that it is one, of whatever version.
bool is_manifest(const std::string& text);
/// Throws DataError that names `name` and what is wrong.
Manifest parse_manifest(const std::string& text, const std::string& name);

/// One after the other.
void add_counts(Counts& sum, const Counts& counts);
/// "1,200 documents, 3.41 M tokens".
std::string describe_counts(const Counts& counts);

}  // namespace echelon::prepare
