#include "data/text/documents.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"

namespace echelon::data {
namespace {

using nlohmann::json;

/// A member as text: a string as it is, a number, true or false as JSON writes it.
std::string member_text(const json& object, const std::string& key) {
  const auto member = object.find(key);
  if (member == object.end()) throw DataError(str_format("there is no member \"{}\"", key));
  if (member->is_string()) return member->get<std::string>();
  if (member->is_number() || member->is_boolean()) return member->dump();
  throw DataError(str_format("member \"{}\" is no text", key));
}

/// `pattern` with each {key} replaced by that member; {{ and }} stand for braces.
std::string fill_in(std::string_view pattern, const json& object) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool doubled = i + 1 < pattern.size() && pattern[i + 1] == pattern[i];
    const bool brace = pattern[i] == '{' || pattern[i] == '}';
    if (pattern[i] == '{' && !doubled) {
      const size_t close = pattern.find('}', i);
      text += member_text(object, std::string(pattern.substr(i + 1, close - i - 1)));
      i = close;
      continue;
    }
    text += pattern[i];
    if (brace) ++i;
  }
  return text;
}

Document document_of(std::string_view line, const TextSettings& settings) {
  const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) throw DataError("malformed JSON");
  if (!object.is_object()) throw DataError("a JSON object is expected");
  if (!settings.instruction) return {{member_text(object, settings.text_key), true}};
  return {{fill_in(settings.instruction->prompt, object), false},
          {fill_in(settings.instruction->response, object), true}};
}

}  // namespace

bool is_json_lines(const std::string& path) {
  return path.ends_with(".jsonl") || path.ends_with(".ndjson");
}

int64_t read_documents(const std::string& path, const TextSettings& settings,
                       const std::function<void(const Document&)>& take) {
  const MappedFile file(path);
  std::string_view rest(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (!is_json_lines(path)) {
    take({{std::string(rest), true}});
    return 0;
  }
  int64_t left_out = 0;
  for (int64_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    try {
      take(document_of(line, settings));
    } catch (const DataError& error) {
      if (settings.on_error != OnError::kSkip)
        throw DataError(str_format("{}, line {}: {}", path, number, error.what()));
      ++left_out;
    }
  }
  return left_out;
}

}  // namespace echelon::data
