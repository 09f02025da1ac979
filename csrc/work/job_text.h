// What decides what is made, as a text: two attempts at the same work have the same.
#pragma once

#include <string>
#include <vector>

#include "work/stored_file.h"

namespace echelon::work {

/// JSON of the program's version, `kind`, `settings` (YAML) and the inputs with their versions.
std::string render_job(const std::string& kind, const std::string& settings,
                       const std::vector<InputFile>& inputs);

/// The inputs of one. Throws DataError where it is damaged.
std::vector<InputFile> inputs_of_job(const std::string& job);

/// Whether they are of the same kind and settings.
bool differ_in_inputs_only(const std::string& ours, const std::string& theirs);

/// In words, how two of them differ.
std::string difference(const std::string& ours, const std::string& theirs);

}  // namespace echelon::work
