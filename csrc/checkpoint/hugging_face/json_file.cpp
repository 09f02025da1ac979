#include "checkpoint/hugging_face/json_file.h"

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint::hugging_face {

JsonFile::JsonFile(const fs::path& path) : path_(path) {
  const std::string text = read_file(path);
  try {
    document_ = tokenizer::parse_json(text);
  } catch (const DataError& error) {
    throw DataError(str_format("{} cannot be read: {}", path.string(), error.what()));
  }
  if (!document_.is_object() && !document_.is_array()) {
    throw DataError(str_format("{} cannot be read: it holds neither an object nor an array", path.string()));
  }
}

std::optional<JsonFile> JsonFile::open_if_there(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  return JsonFile(path);
}

}  // namespace echelon::checkpoint::hugging_face
