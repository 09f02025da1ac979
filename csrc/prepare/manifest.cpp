#include "prepare/manifest.h"

#include "common/error.h"
#include "common/format.h"
#include "work/json_parts.h"

namespace echelon::prepare {
namespace {

constexpr const char* kFormat = "echelon-prepared";
constexpr int kVersion = 1;

}  // namespace

std::string render_manifest(const Manifest& manifest) {
  work::Json inputs = work::Json::array();
  for (const work::InputFile& input : manifest.inputs)
    inputs.push_back({{"name", input.name}, {"bytes", input.bytes}});
  return work::to_text({{"format", kFormat},
                        {"version", kVersion},
                        {"echelon", ECHELON_VERSION},
                        {"kind", manifest.kind},
                        {"settings", manifest.settings},
                        {"inputs", inputs},
                        {"counts", work::to_json(manifest.counts)},
                        {"files", work::to_json(manifest.files)}});
}

bool is_manifest(const std::string& text) {
  const work::Json json = work::Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.value("format", work::Json()) == kFormat;
}

Manifest parse_manifest(const std::string& text, const std::string& name) {
  return work::parse_json(text, name, [&](const work::Json& json) {
    if (json.at("format") != kFormat || json.at("version") != kVersion) {
      throw DataError(
          str_format("{} is no manifest of prepared data, or of another version than {}", name, kVersion));
    }
    Manifest manifest{.kind = json.at("kind").get<std::string>(),
                      .settings = json.at("settings").get<std::string>(),
                      .inputs = {},
                      .counts = work::counts_from(json.at("counts")),
                      .files = work::files_from(json.at("files"))};
    for (const work::Json& input : json.at("inputs"))
      manifest.inputs.push_back({input.at("name").get<std::string>(), input.at("bytes").get<int64_t>()});
    return manifest;
  });
}

}  // namespace echelon::prepare
