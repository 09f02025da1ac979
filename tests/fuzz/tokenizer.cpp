// Any bytes as a tokenizer file: refused with a DataError, or a tokenizer that encodes and decodes. What it
// gives for a text decodes to text, and every id is below the vocabulary.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "common/error.h"
#include "tokenizer/read.h"
#include "tokenizer/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace echelon;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = tokenizer::read_tokenizer(bytes, "fuzzed");
    // Its own end is a text that has to do with its tokens.
    const std::string own = tokenizer::replace_invalid_utf8(bytes.substr(size - std::min<size_t>(size, 512)));
    for (const std::string& text :
         {std::string("The ships' crew, 1893: naïve 北京 \t\n e\u0301 😀 <s>▁x"), own}) {
      const auto ids = tokenizer->encode(text, true);
      for (const uint32_t id : ids) {
        if (id >= tokenizer->vocabulary()) std::abort();
      }
      const std::string decoded = tokenizer->decode(ids, false);
      if (tokenizer::first_invalid_utf8(decoded) != decoded.size()) std::abort();
    }
  } catch (const DataError&) {
  }
  return 0;
}
