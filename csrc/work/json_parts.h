// The pieces that manifests and the files of WorkFolder have in common.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "work/stored_file.h"

namespace echelon::work {

using Json = nlohmann::ordered_json;

Json to_json(const StoredFile& file);
Json to_json(const std::vector<StoredFile>& files);
Json to_json(const Counts& counts);
Json to_json(const std::vector<InputFile>& inputs);  ///< with their versions
StoredFile file_from(const Json& json);
std::vector<StoredFile> files_from(const Json& json);
Counts counts_from(const Json& json);
std::vector<InputFile> inputs_from(const Json& json);

/// Two blanks a level, names outside ASCII as UTF-8; what is no UTF-8 as U+FFFD.
std::string to_text(const Json& json);

/// `use` of the JSON in `text`; DataError that names `name` for what is malformed, or lacks a member.
template <class Use>
auto parse_json(const std::string& text, const std::string& name, Use use);

[[noreturn]] void fail_to_parse(const std::string& name, const std::string& problem);

template <class Use>
auto parse_json(const std::string& text, const std::string& name, Use use) {
  try {
    return use(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    fail_to_parse(name, error.what());
  }
}

}  // namespace echelon::work
