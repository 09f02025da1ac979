// Prints what a tokenizer makes of texts, for reference_test.py to compare with the reference libraries.
//
//   reference_program TOKENIZER TEXTS RESULTS [replace] [special]
//
// TEXTS holds texts, each after its size as a little-endian uint32. RESULTS gets for each, as uint32: the
// number of ids, the ids, the number of bytes of the decoded text, and these bytes, filled up with zeros to a
// multiple of four. `replace` puts U+FFFD for what is no UTF-8 first; `special` adds special tokens, and
// decodes them too.
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>

#include "common/file.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace {

using echelon::tokenizer::Tokenizer;

void write_number(std::ofstream& to, size_t number) {
  const auto word = static_cast<uint32_t>(number);
  to.write(reinterpret_cast<const char*>(&word), sizeof word);
}

void write_result(std::ofstream& to, const Tokenizer& tokenizer, const std::vector<uint32_t>& ids,
                  bool special) {
  write_number(to, ids.size());
  to.write(reinterpret_cast<const char*>(ids.data()),
           static_cast<std::streamsize>(ids.size() * sizeof(uint32_t)));
  std::string text = tokenizer.decode(ids, !special);
  write_number(to, text.size());
  text.resize((text.size() + 3) / 4 * 4);
  to.write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::vector<std::string> read_texts(const char* path, bool replace) {
  const std::string file = echelon::read_file(path);
  std::vector<std::string> texts;
  for (size_t at = 0; at < file.size();) {
    uint32_t size;
    std::memcpy(&size, &file[at], sizeof size);
    const std::string text = file.substr(at + sizeof size, size);
    texts.push_back(replace ? echelon::tokenizer::replace_invalid_utf8(text) : text);
    at += sizeof size + size;
  }
  return texts;
}

}  // namespace

int main(int count, char** arguments) try {
  bool replace = false, special = false;
  for (int i = 4; i < count; ++i) {
    replace = replace || std::strcmp(arguments[i], "replace") == 0;
    special = special || std::strcmp(arguments[i], "special") == 0;
  }
  const auto tokenizer = echelon::tokenizer::load_tokenizer(arguments[1]);
  const std::vector<std::string> texts = read_texts(arguments[2], replace);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::ofstream results(arguments[3], std::ios::binary);
  for (const auto& ids : tokenizer->encode_batch(views, 2, special))
    write_result(results, *tokenizer, ids, special);
  return results.flush() ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
