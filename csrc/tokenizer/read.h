// What load_tokenizer does, of bytes that are in memory.
#pragma once

#include <memory>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {

/// `name` is what the file is called in a remark in the log. Throws DataError that names the setting.
std::unique_ptr<Tokenizer> read_tokenizer(std::string_view bytes, std::string_view name);

}  // namespace echelon::tokenizer
