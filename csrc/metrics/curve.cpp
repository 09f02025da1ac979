#include "metrics/curve.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace echelon::metrics {
namespace {

/// Of `point` from the line piece between `from` and `to`.
double distance(const Point& point, const Point& from, const Point& to) {
  const double dx = to.x - from.x, dy = to.y - from.y;
  const double squared = dx * dx + dy * dy;
  double along = squared == 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / squared;
  along = std::clamp(along, 0.0, 1.0);
  return std::hypot(point.x - from.x - along * dx, point.y - from.y - along * dy);
}

}  // namespace

Curve simplified(const Curve& curve, double tolerance) {
  if (curve.size() < 3) return curve;
  std::vector<bool> kept(curve.size(), false);
  kept.front() = kept.back() = true;
  std::vector<std::pair<size_t, size_t>> pieces{{0, curve.size() - 1}};
  while (!pieces.empty()) {
    const auto [from, to] = pieces.back();
    pieces.pop_back();
    size_t farthest = from;
    double most = tolerance;
    for (size_t i = from + 1; i < to; ++i) {
      const double away = distance(curve[i], curve[from], curve[to]);
      if (away > most) most = away, farthest = i;
    }
    if (farthest == from) continue;
    kept[farthest] = true;
    pieces.emplace_back(from, farthest);
    pieces.emplace_back(farthest, to);
  }
  Curve result;
  for (size_t i = 0; i < curve.size(); ++i) {
    if (kept[i]) result.push_back(curve[i]);
  }
  return result;
}

int CurveThinner::column_of(const Point& point) {
  return std::min(kPixels - 1, static_cast<int>(point.x * kPixels));
}

void CurveThinner::add(Point point) {
  if (!column_.empty() && column_of(column_.front()) != column_of(point)) close_column();
  column_.push_back(point);
  if (column_.size() <= 5) return;
  // Of the points between the first and the last, the lowest and the highest stay.
  const auto [lowest, highest] = std::minmax_element(
      column_.begin() + 1, column_.end() - 1, [](const Point& a, const Point& b) { return a.y < b.y; });
  Curve fewer{column_.front(), *std::min(lowest, highest), *std::max(lowest, highest), column_.back()};
  column_ = std::move(fewer);
}

void CurveThinner::close_column() {
  kept_.insert(kept_.end(), column_.begin(), column_.end());
  column_.clear();
}

Curve CurveThinner::finish() {
  close_column();
  double tolerance = 1.0 / kPixels;
  Curve result = simplified(kept_, tolerance);
  while (result.size() > kMostPoints) result = simplified(kept_, tolerance *= 2);
  return result;
}

}  // namespace echelon::metrics
