// manifest.json: what a preparation made, of what, and how. docs/formats/prepared.md is its specification.
#pragma once

#include <string>
#include <vector>

#include "work/stored_file.h"

namespace echelon::prepare {

constexpr const char* kManifestFile = "manifest.json";

struct Manifest {
  std::string kind;
  std::string settings;  ///< YAML, all that decide what is made
  std::vector<work::InputFile> inputs;
  work::Counts counts;  ///< of all files, and of what was left out
  std::vector<work::StoredFile> files;
};

/// The same content gives the same bytes.
std::string render_manifest(const Manifest& manifest);
/// Whether `text` says that it is one, of whatever version.
bool is_manifest(const std::string& text);
/// Throws DataError that names `name` and what is wrong.
Manifest parse_manifest(const std::string& text, const std::string& name);

}  // namespace echelon::prepare
