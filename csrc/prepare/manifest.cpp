#include "prepare/manifest.h"

#include "common/error.h"
#include "common/format.h"
#include "prepare/json_parts.h"

namespace echelon::prepare {
namespace {

constexpr const char* kFormat = "echelon-prepared";
constexpr int kVersion = 1;

}  // namespace

std::string render_manifest(const Manifest& manifest) {
  Json inputs = Json::array();
  for (const InputFile& input : manifest.inputs)
    inputs.push_back({{"name", input.name}, {"bytes", input.bytes}});
  return to_text({{"format", kFormat},
                  {"version", kVersion},
                  {"echelon", ECHELON_VERSION},
                  {"kind", manifest.kind},
                  {"settings", manifest.settings},
                  {"inputs", inputs},
                  {"counts", to_json(manifest.counts)},
                  {"files", to_json(manifest.files)}});
}

bool is_manifest(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.value("format", Json()) == kFormat;
}

Manifest parse_manifest(const std::string& text, const std::string& name) {
  return parse_json(text, name, [&](const Json& json) {
    if (json.at("format") != kFormat || json.at("version") != kVersion) {
      throw DataError(
          str_format("{} is no manifest of prepared data, or of another version than {}", name, kVersion));
    }
    Manifest manifest{.kind = json.at("kind").get<std::string>(),
                      .settings = json.at("settings").get<std::string>(),
                      .inputs = {},
                      .counts = counts_from(json.at("counts")),
                      .files = files_from(json.at("files"))};
    for (const Json& input : json.at("inputs"))
      manifest.inputs.push_back({input.at("name").get<std::string>(), input.at("bytes").get<int64_t>()});
    return manifest;
  });
}

void add_counts(Counts& sum, const Counts& counts) {
  for (const auto& [name, count] : counts) sum[name] += count;
}

std::string describe_counts(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts)
    parts.push_back(str_format("{} {}", human_count(static_cast<double>(count)), name));
  return join(parts);
}

}  // namespace echelon::prepare
