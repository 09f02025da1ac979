// What a person reads. Rank 0 speaks on standard output; warnings and errors go to standard error with the
// rank. Thread-safe; a line is written with one system call, so that ranks do not mix within a line.
#pragma once

#include <string_view>

#include "common/format.h"

namespace echelon::log {

/// Set once after the launcher is known. Before that the process speaks as rank 0 of 1.
void set_rank(int rank, int world_size);

void write_info(std::string_view text);     ///< rank 0 only
void write_warning(std::string_view text);  ///< every rank, prefixed `warning:`
void write_error(std::string_view text);    ///< every rank, prefixed `error:`

/// Text that stays in the terminal's last line, below all other lines (a progress bar); empty: no more. For a
/// process whose standard output is a terminal.
void set_status(std::string_view text);

template <class... Args>
void info(fmt::format_string<Args...> pattern, Args&&... args) {
  write_info(str_format(pattern, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> pattern, Args&&... args) {
  write_warning(str_format(pattern, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> pattern, Args&&... args) {
  write_error(str_format(pattern, std::forward<Args>(args)...));
}

}  // namespace echelon::log
