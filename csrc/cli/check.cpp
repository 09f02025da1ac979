#include "cli/check.h"

#include <cstdio>

#include "common/log.h"
#include "config/config.h"
#include "prepare/kinds.h"
#include "train/settings.h"

namespace echelon::cli {

namespace {

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

/// Of training; the page has everything.
std::string schema_text(const Arguments& arguments) {
  if (!arguments.kind.empty()) return schema_of_kind(arguments, arguments.kind);
  std::string text = schema_of<train::TrainSettings>(arguments, "Configuration");
  if (!arguments.markdown) return text;
  for (const prepare::Kind& kind : prepare::kKinds) text += "\n" + schema_of_kind(arguments, kind.name);
  return text;
}

}  // namespace

int check(const Arguments& arguments) {
  config::load<train::TrainSettings>(arguments.config, arguments.overrides);
  log::info("{}: no problems found", arguments.config);
  return 0;
}

int print_schema(const Arguments& arguments) {
  const std::string text = schema_text(arguments);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace echelon::cli
