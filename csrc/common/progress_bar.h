// A bar in the terminal's last line, for who watches a command at work.
#pragma once

#include <string>
#include <string_view>

#include "common/clock.h"

namespace echelon {

/// Whether standard output ends in a terminal. Under mpirun the ranks' own output may be a pseudo-terminal
/// whatever becomes of it, so the launcher's is asked too.
bool output_is_watched();

/// "[=====>    ]  FACTS", at most `width` columns; `done` is a share of 1. Only the facts, cut, where there is
/// no room for more.
std::string render_bar(double done, std::string_view facts, int width);

/// Drawn below the lines of the log (log::set_status), and gone with the object. Rank 0 only.
class ProgressBar {
 public:
  explicit ProgressBar(bool draws = output_is_watched()) : draws_(draws) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Whether show() would draw now: it redraws ten times a second at most.
  bool due() const;
  void show(double done, std::string_view facts);

 private:
  bool draws_;
  bool drawn_ = false;
  Stopwatch since_drawn_;
};

}  // namespace echelon
