// The sample settings behind a command line, for tests that are scripts:
//   config_sample schema         prints the JSON Schema
//   config_sample check FILE...  prints one line a file: "sound", or the first problem
#include <cstdio>
#include <string_view>

#include "config/config.h"
#include "config/sample_settings.h"

namespace config = echelon::config;

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "schema") std::puts(config::json_schema<sample::Settings>("Sample").c_str());
  for (int i = 2; verb == "check" && i < argc; ++i) {
    try {
      config::load<sample::Settings>(argv[i]);
      std::puts("sound");
    } catch (const echelon::ConfigError& error) {
      const std::string_view lines = error.what();
      std::printf("%.*s\n", static_cast<int>(lines.substr(0, lines.find('\n')).size()), error.what());
    }
  }
}
