// The JSON files of a Hugging Face folder.
#pragma once

#include <optional>

#include "common/file.h"
#include "tokenizer/json_node.h"

namespace echelon::checkpoint::hugging_face {

/// A document and where it came from. What node() hands out refuses with DataError, naming file and key.
class JsonFile {
 public:
  /// Throws Error that names the file when it is missing or no JSON.
  explicit JsonFile(const fs::path& path);
  /// Nothing where there is no such file.
  static std::optional<JsonFile> open_if_there(const fs::path& path);

  tokenizer::JsonNode node() const { return {document_, path_.string()}; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  tokenizer::Json document_;
};

}  // namespace echelon::checkpoint::hugging_face
