#include "train/report/charts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "common/format.h"
#include "common/markup.h"
#include "train/report/plot_area.h"
#include "train/report/text_width.h"

namespace echelon::train {
namespace {

constexpr std::array<const char*, kSeriesColours> kColours{"#3b6fb6", "#d1722b", "#3f8f4f", "#b5383a",
                                                           "#7d5ba6", "#7f5b4e", "#c66aa6", "#6b6b6b",
                                                           "#9a9b2f", "#2f9aa8"};

std::string line_through(const PlotArea& area, const metrics::Curve& points, const char* colour,
                         const std::string& name) {
  std::string places;
  for (const metrics::Point& point : points)
    places += str_format("{}{:.1f},{:.1f}", places.empty() ? "" : " ", area.x(point.x), area.y(point.y));
  return str_format("<polyline class=\"line\" stroke=\"{}\" points=\"{}\"><title>{}</title></polyline>\n",
                    colour, places, escape_markup(name));
}

std::string diagonal_of(const PlotArea& area, double low, double high) {
  return str_format("<path class=\"guide\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n", area.x(low), area.y(low),
                    area.x(high), area.y(high));
}

/// The sample of a line beside its name.
constexpr double kLegendLine = 22;

std::string legend(const std::vector<Series>& series, double left) {
  std::string text;
  double y = 24;
  for (size_t i = 0; i < series.size(); ++i, y += 18) {
    text += str_format(
        "<path class=\"line\" stroke=\"{}\" d=\"M{} {}h16\"/><text x=\"{}\" y=\"{}\">{}</text>\n",
        kColours[i % kColours.size()], left, y - 4, left + kLegendLine, y, escape_markup(series[i].name));
  }
  return text;
}

double widest(const std::vector<std::string>& names) {
  double width = 0;
  for (const std::string& name : names) width = std::max(width, text_width(name));
  return width;
}

double legend_width(const std::vector<Series>& series) {
  std::vector<std::string> names;
  for (const Series& one : series) names.push_back(one.name);
  return kLegendLine + widest(names) + 8;
}

/// From white to blue.
std::string shade(double share) {
  const auto mix = [share](int full) { return static_cast<int>(std::lround(255 + share * (full - 255))); };
  return str_format("#{:02x}{:02x}{:02x}", mix(0x1f), mix(0x4e), mix(0x8c));
}

/// Of names that are turned by 60 degrees, how much of their width goes down: sin 60°.
constexpr double kSteep = 0.87;

/// Places of the cells of a heat map.
struct Cells {
  double size, left, top;
  double at(double start, int64_t number) const { return start + size * static_cast<double>(number); }
};

std::string cell(const metrics::ConfusionCounts& counts, const std::vector<std::string>& names,
                 const Cells& cells, int64_t t, int64_t p) {
  const int64_t count = counts.count(t, p);
  const double share = count == 0 ? 0 : static_cast<double>(count) / static_cast<double>(counts.support(t));
  const double x = cells.at(cells.left, p), y = cells.at(cells.top, t);
  std::string text = str_format(
      "<rect class=\"cell\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "fill=\"{}\"><title>{} as {}: "
      "{} ({:.1f} %)</title></rect>\n",
      x, y, cells.size, cells.size, shade(share), escape_markup(names[static_cast<size_t>(t)]),
      escape_markup(names[static_cast<size_t>(p)]), count, 100 * share);
  const std::string number = std::to_string(count);
  constexpr double kDigitWidth = 6.5;
  if (count == 0 || kDigitWidth * static_cast<double>(number.size()) > cells.size) return text;
  return text + str_format("<text class=\"mid{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                           share > 0.5 ? " white" : " black", x + cells.size / 2, y + cells.size / 2 + 4,
                           number);
}

}  // namespace

std::string line_chart(const std::vector<Series>& series, const AxisNames& axes, bool diagonal) {
  const PlotArea area({0, 1}, {0, 1});
  std::string content = diagonal ? diagonal_of(area, 0, 1) : "";
  for (size_t i = 0; i < series.size(); ++i)
    content += line_through(area, series[i].points, kColours[i % kColours.size()], series[i].name);
  if (series.size() < 2) return area.svg(axes, content);
  return area.svg(axes, content + legend(series, area.x(1) + 16), legend_width(series));
}

std::string heat_map(const metrics::ConfusionCounts& counts, const std::vector<std::string>& names) {
  const int64_t classes = counts.classes();
  const double longest = widest(names);
  const Cells cells{std::clamp(520.0 / static_cast<double>(classes), 18.0, 48.0), longest + 16, 8};
  const double end = cells.at(0, classes);
  const double width = cells.left + end + 10, height = cells.top + end + kSteep * longest + 24;
  std::string text = str_format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\">\n",
      width, height);
  for (int64_t t = 0; t < classes; ++t) {
    const std::string name = escape_markup(names[static_cast<size_t>(t)]);
    const double middle = cells.at(0, t) + cells.size / 2;
    text += str_format("<text class=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", cells.left - 8,
                       cells.top + middle + 4, name);
    text += str_format("<text class=\"end\" transform=\"translate({:.1f} {:.1f}) rotate(-60)\">{}</text>\n",
                       cells.left + middle + 4, cells.top + end + 14, name);
    for (int64_t p = 0; p < classes; ++p) text += cell(counts, names, cells, t, p);
  }
  return text + "</svg>\n";
}

std::string scatter_chart(const metrics::Curve& points, const AxisNames& axes) {
  if (points.empty()) return "";
  Range range{points.front().x, points.front().x};
  for (const metrics::Point& point : points) {
    range.low = std::min({range.low, point.x, point.y});
    range.high = std::max({range.high, point.x, point.y});
  }
  const PlotArea area(range, range);
  std::string content = diagonal_of(area, range.low, range.high);
  for (const metrics::Point& point : points)
    content += str_format("<circle class=\"dot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2\"/>\n", area.x(point.x),
                          area.y(point.y));
  return area.svg(axes, content);
}

std::string histogram_chart(const metrics::Histogram& histogram, const AxisNames& axes) {
  const int64_t most = *std::ranges::max_element(histogram.counts);
  const PlotArea area({histogram.low, histogram.high}, {0, static_cast<double>(most)});
  std::string content;
  for (size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const int64_t count = histogram.counts[bin];
    if (count == 0) continue;
    const bool flat = histogram.low == histogram.high;
    const double left = flat ? area.x(histogram.low) - 3 : area.x(histogram.edge(bin));
    const double right = flat ? left + 6 : area.x(histogram.edge(bin + 1));
    const double top = area.y(static_cast<double>(count));
    content += str_format(
        "<rect class=\"bar\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"><title>{:.6g} to "
        "{:.6g}: "
        "{}</title></rect>\n",
        left, top, right - left, area.y(0) - top, histogram.edge(bin), histogram.edge(bin + 1), count);
  }
  return area.svg(axes, content);
}

}  // namespace echelon::train
