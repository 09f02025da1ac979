// What the parser says about a text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/sample_settings.h"

namespace echelon::config {

inline constexpr std::string_view kSampleFolder = ECHELON_SOURCE_DIR "/tests/config/";

/// The problems of `text` as the file `f.yaml` beside this header, a line each; the folder is cut off.
inline std::vector<std::string> sample_problems(std::string_view text,
                                                const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> lines;
  try {
    parse<sample::Settings>(text, std::string(kSampleFolder) + "f.yaml", overrides);
  } catch (const ConfigError& error) {
    std::string message = error.what();
    for (size_t at; (at = message.find(kSampleFolder)) != std::string::npos;)
      message.erase(at, kSampleFolder.size());
    for (size_t start = 0; start <= message.size();) {
      const size_t end = std::min(message.find('\n', start), message.size());
      lines.push_back(message.substr(start, end - start));
      start = end + 1;
    }
  }
  return lines;
}

/// A text with what is required, to which tests add; six lines.
inline std::string sample_text(std::string_view more = "") {
  return "model:\n  name: mlp\n  widths: [16, 16]\ndata:\n  train: [sample_settings.h]\nrun: a\n" +
         std::string(more);
}

inline sample::Settings parse_sample(std::string_view text, const std::vector<std::string>& overrides = {}) {
  return parse<sample::Settings>(text, std::string(kSampleFolder) + "f.yaml", overrides);
}

}  // namespace echelon::config
