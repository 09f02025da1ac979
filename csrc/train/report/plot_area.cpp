#include "train/report/plot_area.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/format.h"
#include "common/markup.h"

namespace echelon::train {
namespace {

constexpr double kLeft = 64, kTop = 12, kBottom = 44, kRight = 16;
constexpr int kMostTicks = 6;

Range widened(Range range) {
  if (range.high > range.low) return range;
  const double half = std::max(std::abs(range.low) * 0.1, 0.5);
  return {range.low - half, range.high + half};
}

/// Multiples of 1, 2 or 5 times a power of ten within the range.
std::vector<double> ticks_of(Range range) {
  const double power = std::pow(10, std::floor(std::log10((range.high - range.low) / kMostTicks)));
  double spacing = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if ((range.high - range.low) / (factor * power) <= kMostTicks) spacing = factor * power;
  }
  std::vector<double> ticks;
  const double first = std::ceil(range.low / spacing - 1e-9), last = std::floor(range.high / spacing + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * spacing + 0.0);  // + 0.0: no -0
  return ticks;
}

}  // namespace

PlotArea::PlotArea(Range x, Range y) : x_(widened(x)), y_(widened(y)) {}

double PlotArea::x(double value) const {
  return kLeft + (value - x_.low) / (x_.high - x_.low) * kWidth;
}

double PlotArea::y(double value) const {
  return kTop + (y_.high - value) / (y_.high - y_.low) * kHeight;
}

std::string PlotArea::ticks() const {
  std::string text;
  for (const double tick : ticks_of(x_)) {
    text += str_format(
        "<path class=\"axis\" d=\"M{0:.1f} {1}v5\"/><text class=\"mid\" x=\"{0:.1f}\" "
        "y=\"{2}\">{3:.6g}</text>\n",
        x(tick), kTop + kHeight, kTop + kHeight + 18, tick);
  }
  for (const double tick : ticks_of(y_)) {
    text += str_format(
        "<path class=\"axis\" d=\"M{0} {1:.1f}h-5\"/><text class=\"end\" x=\"{2}\" "
        "y=\"{3:.1f}\">{4:.6g}</text>\n",
        kLeft, y(tick), kLeft - 8, y(tick) + 4, tick);
  }
  return text;
}

std::string PlotArea::svg(const AxisNames& axes, const std::string& content, double right) const {
  const double width = kLeft + kWidth + kRight + right, height = kTop + kHeight + kBottom;
  std::string text = str_format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n",
      width, height);
  text += str_format("<rect class=\"area\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", kLeft, kTop,
                     kWidth, kHeight);
  text += content + ticks();
  text += str_format("<text class=\"mid\" x=\"{}\" y=\"{}\">{}</text>\n", kLeft + kWidth / 2, height - 8,
                     escape_markup(axes.x));
  text += str_format("<text class=\"mid\" transform=\"translate(14 {}) rotate(-90)\">{}</text>\n",
                     kTop + kHeight / 2, escape_markup(axes.y));
  return text + "</svg>\n";
}

}  // namespace echelon::train
