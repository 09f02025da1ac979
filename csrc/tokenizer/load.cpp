#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "tokenizer/files.h"
#include "tokenizer/read.h"

namespace echelon::tokenizer {
namespace {

std::unique_ptr<Tokenizer> read_kind(std::string_view bytes, std::string_view name) {
  const size_t start = bytes.find_first_not_of(" \t\r\n");
  if (start != bytes.npos && (bytes[start] == '{' || bytes[start] == '[')) {
    const Json file = parse_json(bytes);
    return is_tekken(file) ? read_tekken(file) : read_tokenizer_json(file, name);
  }
  if (is_rank_file(bytes)) return read_rank_file(bytes);
  if (is_sentence_piece(bytes)) return read_sentence_piece(bytes);
  throw DataError(
      "it is neither a tokenizer.json, nor a tekken.json, a tiktoken file of ranks, or a SentencePiece "
      "model");
}

}  // namespace

std::unique_ptr<Tokenizer> read_tokenizer(std::string_view bytes, std::string_view name) {
  try {
    return read_kind(bytes, name);
  } catch (const Json::exception& error) {
    throw DataError(str_format("malformed: {}", error.what()));
  }
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& path) {
  const MappedFile file(path);
  try {
    return read_tokenizer({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path);
  } catch (const DataError& error) {
    throw DataError(str_format("tokenizer {}: {}", path, error.what()));
  }
}

}  // namespace echelon::tokenizer
