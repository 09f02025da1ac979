#include "prepare/json_parts.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::prepare {

Json to_json(const Counts& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

Json to_json(const StoredFile& file) {
  Json json = {{"name", file.name}, {"bytes", file.bytes}, {"xxh3_128", file.checksum}};
  if (!file.counts.empty()) json["counts"] = to_json(file.counts);
  return json;
}

Json to_json(const std::vector<StoredFile>& files) {
  Json json = Json::array();
  for (const StoredFile& file : files) json.push_back(to_json(file));
  return json;
}

Counts counts_from(const Json& json) {
  return json.get<Counts>();
}

StoredFile file_from(const Json& json) {
  StoredFile file{.name = json.at("name").get<std::string>(),
                  .bytes = json.at("bytes").get<int64_t>(),
                  .checksum = json.at("xxh3_128").get<std::string>()};
  if (json.contains("counts")) file.counts = counts_from(json.at("counts"));
  if (file.name.empty() || file.name.find('/') != file.name.npos || file.name == "." || file.name == "..")
    throw DataError(str_format("\"{}\" is no name of a prepared file", file.name));
  return file;
}

std::vector<StoredFile> files_from(const Json& json) {
  std::vector<StoredFile> files;
  for (const Json& file : json) files.push_back(file_from(file));
  return files;
}

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void fail_to_parse(const std::string& name, const std::string& problem) {
  throw DataError(str_format("{} is damaged: {}", name, problem));
}

}  // namespace echelon::prepare
