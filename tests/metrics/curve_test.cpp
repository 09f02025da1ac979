#include "metrics/curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace echelon::metrics {
namespace {

/// Of `point` from the nearest point of the curve.
double distance_from(const Curve& curve, const Point& point) {
  double nearest = HUGE_VAL;
  for (size_t i = 0; i + 1 < curve.size(); ++i) {
    const double dx = curve[i + 1].x - curve[i].x, dy = curve[i + 1].y - curve[i].y;
    const double squared = std::max(dx * dx + dy * dy, 1e-300);
    const double along =
        std::clamp(((point.x - curve[i].x) * dx + (point.y - curve[i].y) * dy) / squared, 0.0, 1.0);
    nearest =
        std::min(nearest, std::hypot(point.x - curve[i].x - along * dx, point.y - curve[i].y - along * dy));
  }
  return nearest;
}

TEST(Curve, OfFewPointsLosesThoseOnALine) {
  const Curve curve{{0, 0}, {0, 0.25}, {0, 0.5}, {0.25, 0.75}, {0.5, 1}, {1, 1}};
  EXPECT_EQ(simplified(curve, 1e-9), (Curve{{0, 0}, {0, 0.5}, {0.5, 1}, {1, 1}}));
  CurveThinner thinner;
  for (const Point& point : curve) thinner.add(point);
  EXPECT_EQ(thinner.finish(), (Curve{{0, 0}, {0, 0.5}, {0.5, 1}, {1, 1}}));
}

TEST(Curve, OfManyPointsLooksTheSame) {
  Curve all;
  CurveThinner thinner;
  for (int i = 0; i <= 20000; ++i) {
    const double x = i / 20000.0;
    all.push_back({x, std::sqrt(x) * (0.95 + 0.05 * std::sin(400 * x))});
    thinner.add(all.back());
  }
  const Curve thinned = thinner.finish();
  EXPECT_LE(thinned.size(), CurveThinner::kMostPoints);
  EXPECT_GT(thinned.size(), 100);
  EXPECT_EQ(thinned.front(), all.front());
  EXPECT_EQ(thinned.back(), all.back());
  double farthest = 0;
  for (const Point& point : all) farthest = std::max(farthest, distance_from(thinned, point));
  EXPECT_LE(farthest, 2.0 / CurveThinner::kPixels);
}

TEST(Curve, ThatZigzagsMoreThanAPictureShowsKeepsItsBounds) {
  CurveThinner thinner;
  for (int i = 0; i < 100000; ++i) thinner.add({i / 100000.0, i % 2 == 0 ? 0.2 : 0.8});
  const Curve thinned = thinner.finish();
  EXPECT_LE(thinned.size(), CurveThinner::kMostPoints);
  const auto [low, high] =
      std::ranges::minmax_element(thinned, [](const Point& a, const Point& b) { return a.y < b.y; });
  EXPECT_EQ(low->y, 0.2);
  EXPECT_EQ(high->y, 0.8);
}

}  // namespace
}  // namespace echelon::metrics
