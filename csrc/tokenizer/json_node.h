// A value in a JSON file together with its place, for reading that refuses by name what it does not expect.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::tokenizer {

using Json = nlohmann::json;

/// Refers to a document that outlives it. All that refuses throws DataError with the place and the value.
class JsonNode {
 public:
  JsonNode(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  const Json& value() const { return *value_; }
  const std::string& place() const { return place_; }
  bool is_null() const { return value_->is_null(); }

  /// "PLACE: VALUE is not supported".
  [[noreturn]] void refuse() const;
  /// "PLACE: VALUE is WHAT".
  [[noreturn]] void refuse(std::string_view what) const;

  /// Refuses an object with other keys, and what is no object.
  void allow_keys(std::initializer_list<std::string_view> keys) const;
  /// Null where there is no such key.
  JsonNode operator[](const char* key) const;
  /// The elements of an array; `key`[3] is their place.
  std::vector<JsonNode> elements() const;

  std::string text() const;
  std::string text_or(std::string_view otherwise) const;  ///< where there is none, or null
  std::optional<std::string> text_or_none() const;
  bool flag_or(bool otherwise) const;
  uint64_t number() const;  ///< not negative
  uint32_t id() const;      ///< below 2^31
  double real() const;
  /// The text of key "type", or the value if it is a text, or empty.
  std::string type() const;

 private:
  const Json* value_;
  std::string place_;
};

/// The document in `text`. DataError when it is no JSON, or nested too deep for anything sensible.
Json parse_json(std::string_view text);

}  // namespace echelon::tokenizer
