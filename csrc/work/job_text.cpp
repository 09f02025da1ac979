#include "work/job_text.h"

#include <algorithm>

#include "common/format.h"
#include "work/json_parts.h"

namespace echelon::work {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string differing_setting(const std::string& ours, const std::string& theirs) {
  const std::vector<std::string> a = lines_of(ours), b = lines_of(theirs);
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string left = i < a.size() ? a[i] : "", right = i < b.size() ? b[i] : "";
    if (left != right) return str_format("'{}' instead of '{}'", left, right);
  }
  return "settings";
}

}  // namespace

std::string render_job(const std::string& kind, const std::string& settings,
                       const std::vector<InputFile>& inputs) {
  return to_text(
      {{"echelon", ECHELON_VERSION}, {"kind", kind}, {"settings", settings}, {"inputs", to_json(inputs)}});
}

std::vector<InputFile> inputs_of_job(const std::string& job) {
  return parse_json(job, "job.json", [](const Json& json) { return inputs_from(json.at("inputs")); });
}

bool differ_in_inputs_only(const std::string& ours, const std::string& theirs) {
  const auto without_inputs = [](const std::string& text) {
    return parse_json(text, "job.json", [](Json json) {
      json.erase("inputs");
      return json;
    });
  };
  return without_inputs(ours) == without_inputs(theirs);
}

std::string difference(const std::string& ours, const std::string& theirs) {
  const auto parse = [](const std::string& text) {
    return parse_json(text, "job.json", [](const Json& json) { return json; });
  };
  const Json a = parse(ours), b = parse(theirs);
  for (const char* key : {"echelon", "kind"}) {
    if (a.at(key) != b.at(key)) return str_format("{} instead of {}", a.at(key).dump(), b.at(key).dump());
  }
  if (a.at("settings") != b.at("settings"))
    return differing_setting(a.at("settings").get<std::string>(), b.at("settings").get<std::string>());
  const Json &left = a.at("inputs"), &right = b.at("inputs");
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (left[i] == right[i]) continue;
    const auto name = left[i].at("name").get<std::string>(), other = right[i].at("name").get<std::string>();
    return name == other ? str_format("{} has changed", name) : str_format("{} instead of {}", name, other);
  }
  return str_format("{} inputs instead of {}", left.size(), right.size());
}

}  // namespace echelon::work
