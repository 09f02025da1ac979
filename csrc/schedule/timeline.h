// A simulated step to look at: as text for a terminal, and as an SVG picture.
//
//   rank 0 |F0F1F2F3......B0--F4B1--F5B2--  B3--  …| idle 27.3 %
//   rank 1 |..F0F1F2..B0--F3B1--F4…
//
// F is a forward, B a backward, I and W its halves, S the optimizer's step, each with the number of its
// micro-batch; small letters are those of the second and further stages of a rank.
#pragma once

#include <string>

#include "schedule/simulate.h"

namespace echelon::schedule {

/// One row a rank, at most `width` columns where that leaves room for anything, and a row for the time axis.
/// An action takes columns in proportion to its time, '-' where its name does not fill them, '.' is idle.
/// `colours` marks the kinds with ANSI colours.
std::string timeline_text(const Timeline& timeline, int width, bool colours = false);

/// A picture that needs no other file: one row a rank, a box an action, reductions as a thin bar below, a
/// time axis in milliseconds, a legend.
std::string timeline_svg(const Timeline& timeline, const std::string& title);

}  // namespace echelon::schedule
