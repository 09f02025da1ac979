#include "cli/check.h"

#include <cstdio>

#include "common/log.h"
#include "config/config.h"
#include "train/settings.h"

namespace echelon::cli {

int check(const Arguments& arguments) {
  config::load<train::TrainSettings>(arguments.config, arguments.overrides);
  log::info("{}: no problems found", arguments.config);
  return 0;
}

int print_schema(const Arguments& arguments) {
  const std::string text = arguments.markdown
                               ? config::reference<train::TrainSettings>("Configuration")
                               : config::json_schema<train::TrainSettings>("Echelon configuration");
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace echelon::cli
