// Curves with fewer points that look the same.
#pragma once

#include <cstddef>
#include <vector>

namespace echelon::metrics {

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
using Curve = std::vector<Point>;

/// Within `tolerance` of every point of `curve`, by a part of its points (Douglas and Peucker, "Algorithms
/// for the reduction of the number of points required to represent a digitized line", 1973).
Curve simplified(const Curve& curve, double tolerance);

/// Takes the points of a curve in the unit square one after the other, x never falling, and keeps those that
/// a picture kPixels wide shows: of each column of pixels the first, the last, the lowest and the highest
/// (Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).
class CurveThinner {
 public:
  static constexpr int kPixels = 512;
  static constexpr size_t kMostPoints = 512;

  void add(Point point);
  /// The curve, further simplified: by a pixel's width, by more only where more than kMostPoints were left.
  Curve finish();

 private:
  static int column_of(const Point& point);
  void close_column();

  Curve kept_;
  Curve column_;  ///< of the present column: first, lowest, highest and last, in the order of the curve
};

}  // namespace echelon::metrics
