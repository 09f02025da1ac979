// Places in configuration text, and the problems found there.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace echelon::config {

/// One text that settings came from: a file, or one `key.path=value` of the command line.
struct Source {
  std::string name;              ///< as the user wrote it; "command line: key.path=value"
  std::filesystem::path folder;  ///< relative paths in the text start here
  int order = 0;                 ///< files in the order they were opened, then the command line
  bool command_line = false;     ///< lines and columns mean nothing here
};
using SourcePtr = std::shared_ptr<const Source>;

/// A position in a source; lines and columns count from 1, columns in bytes. Line 0 is the source as a whole.
struct Location {
  SourcePtr source;
  int line = 1;
  int column = 1;
  /// "train.yaml:3:7", "train.yaml" or "command line: optimizer.lr=x".
  std::string text() const;
};

/// All that is wrong with a configuration, gathered so that the user sees it at once.
class Problems {
 public:
  /// A problem with the setting `path` ("optimizer.lr"; empty: the whole file).
  void add(const Location& where, std::string_view path, std::string_view message);
  bool empty() const { return list_.empty(); }
  /// More would help nobody: reading may stop.
  bool full() const { return list_.size() >= kMost; }
  /// One line a problem, `file:line:column: message`, by position; equal lines once.
  std::string text() const;
  /// Throws ConfigError with text() when there is any problem.
  void throw_if_any() const;

 private:
  static constexpr size_t kMost = 100;
  struct Problem {
    Location where;
    std::string message;
  };
  std::vector<Problem> list_;
};

/// The text in single quotes for a message: one line, control characters escaped, cut when long.
std::string in_quotes(std::string_view text);

}  // namespace echelon::config
