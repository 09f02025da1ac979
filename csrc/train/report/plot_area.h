// A rectangle with axes, in which numbers have places.
#pragma once

#include <string>

#include "train/report/charts.h"

namespace echelon::train {

struct Range {
  double low = 0, high = 1;
};

class PlotArea {
 public:
  static constexpr double kWidth = 400, kHeight = 320;

  /// A range without an extent is widened.
  PlotArea(Range x, Range y);

  double x(double value) const;
  double y(double value) const;
  /// An SVG element: axes with ticks and names, `content` within them, and room of `right` beside.
  std::string svg(const AxisNames& axes, const std::string& content, double right = 0) const;

 private:
  std::string ticks() const;

  Range x_, y_;
};

}  // namespace echelon::train
