#include "work/json_parts.h"

#include <algorithm>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"

namespace echelon::work {

namespace {

bool is_inside(const fs::path& name) {
  const auto leads_out = [](const fs::path& part) { return part.empty() || part == "." || part == ".."; };
  return !name.empty() && name.is_relative() && std::none_of(name.begin(), name.end(), leads_out);
}

}  // namespace

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

Json to_json(const std::vector<InputFile>& inputs) {
  Json json = Json::array();
  for (const InputFile& input : inputs)
    json.push_back({{"name", input.name}, {"bytes", input.bytes}, {"version", input.version}});
  return json;
}

std::vector<InputFile> inputs_from(const Json& json) {
  std::vector<InputFile> inputs;
  for (const Json& input : json)
    inputs.push_back({input.at("name").get<std::string>(), input.at("bytes").get<int64_t>(),
                      input.at("version").get<std::string>()});
  return inputs;
}

Counts counts_from(const Json& json) {
  return json.get<Counts>();
}

StoredFile file_from(const Json& json) {
  StoredFile file{.name = json.at("name").get<std::string>(),
                  .bytes = json.at("bytes").get<int64_t>(),
                  .checksum = json.at("xxh3_128").get<std::string>()};
  if (json.contains("counts")) file.counts = counts_from(json.at("counts"));
  if (!is_inside(file.name))
    throw DataError(str_format("\"{}\" is no name of a file within a folder", file.name));
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

}  // namespace echelon::work
