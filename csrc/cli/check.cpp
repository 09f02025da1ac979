#include "cli/check.h"

#include <algorithm>
#include <cstdio>

#include "common/log.h"
#include "config/config.h"
#include "predict/settings.h"
#include "prepare/kinds.h"
#include "train/settings.h"

namespace echelon::cli {

namespace {

constexpr const char* kPredict = "predict";

template <class Settings>
std::string schema_of(const Arguments& arguments, const std::string& title) {
  return arguments.markdown ? config::reference<Settings>(title)
                            : config::json_schema<Settings>("Echelon: " + title);
}

std::string schema_of_kind(const Arguments& arguments, const std::string& kind) {
  return prepare::with_settings(kind, [&](auto type) {
    return schema_of<typename decltype(type)::type>(arguments, "prepare " + kind);
  });
}

/// Rows that are scored have a source, data that are learned are called so.
bool is_of_predict(const std::string& config) {
  const std::vector<std::string> keys = config::top_level_keys(config);
  const auto has = [&](std::string_view key) { return std::ranges::find(keys, key) != keys.end(); };
  return has("source") && !has("data");
}

/// Of training; the page has everything.
std::string schema_text(const Arguments& arguments) {
  if (arguments.kind == kPredict) return schema_of<predict::PredictSettings>(arguments, kPredict);
  if (!arguments.kind.empty()) return schema_of_kind(arguments, arguments.kind);
  std::string text = schema_of<train::TrainSettings>(arguments, "Configuration");
  if (!arguments.markdown) return text;
  text += "\n" + schema_of<predict::PredictSettings>(arguments, kPredict);
  for (const prepare::Kind& kind : prepare::kKinds) text += "\n" + schema_of_kind(arguments, kind.name);
  return text;
}

}  // namespace

int check(const Arguments& arguments) {
  if (is_of_predict(arguments.config)) {
    config::load<predict::PredictSettings>(arguments.config, arguments.overrides);
  } else {
    config::load<train::TrainSettings>(arguments.config, arguments.overrides);
  }
  log::info("{}: no problems found", arguments.config);
  return 0;
}

int print_schema(const Arguments& arguments) {
  const std::string text = schema_text(arguments);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace echelon::cli
