// Inputs of a model besides the image: further files of its sample.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "config/declare.h"

namespace echelon::data {

/// Which part of a sample a field is.
struct FieldPlaceSettings {
  std::string field;
  std::optional<std::string> key;  ///< the member of a JSON object; not set: the whole text
};

struct TokensFieldSettings : FieldPlaceSettings {
  config::InputPath tokenizer;
  int64_t length = 0;
  int64_t padding = 0;
  bool special_tokens = false;
};
void describe(config::Fields<TokensFieldSettings>& f);

/// left, top, right, bottom; left, top, width, height; centre and width, height.
enum class BoxFormat { kXyxy, kXywh, kCxcywh };

struct BoxesFieldSettings : FieldPlaceSettings {
  int64_t count = 0;
  BoxFormat format = BoxFormat::kXyxy;
  bool normalized = false;
  bool upright = false;
};
void describe(config::Fields<BoxesFieldSettings>& f);

struct NumbersFieldSettings : FieldPlaceSettings {
  int64_t count = 1;
};
void describe(config::Fields<NumbersFieldSettings>& f);

using FieldSettings = std::variant<TokensFieldSettings, BoxesFieldSettings, NumbersFieldSettings>;
void describe(config::Fields<FieldSettings>& f);

/// By the name of the input.
using FieldsSettings = std::map<std::string, FieldSettings>;

}  // namespace echelon::data
