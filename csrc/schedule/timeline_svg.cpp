#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "common/format.h"
#include "common/markup.h"
#include "schedule/timeline.h"

namespace echelon::schedule {
namespace {

constexpr double kChartWidth = 1200, kLeft = 64, kTop = 64, kRowHeight = 30, kBoxHeight = 22, kBottom = 40;
constexpr double kDigitWidth = 6.5;  // of the font below
constexpr int kMostTicks = 12;

struct Style {
  ActionKind kind;
  std::string_view css_class, colour, further_colour, name;  ///< a rank's further stages are paler
};

constexpr std::array<Style, 6> kStyles{{
    {ActionKind::kForward, "f", "#4878cf", "#9db7e8", "forward"},
    {ActionKind::kBackward, "b", "#5aa469", "#a5d0ae", "backward"},
    {ActionKind::kBackwardInput, "i", "#5aa469", "#a5d0ae", "backward of inputs"},
    {ActionKind::kBackwardWeight, "w", "#d9a441", "#efd49d", "backward of weights"},
    {ActionKind::kStep, "s", "#8c6bb1", "#8c6bb1", "optimizer"},
    {ActionKind::kReduce, "r", "#c44e52", "#c44e52", "reduction"},
}};

const Style* style_of(ActionKind kind) {
  const auto* found =
      std::find_if(kStyles.begin(), kStyles.end(), [&](const Style& style) { return style.kind == kind; });
  return found == kStyles.end() ? nullptr : found;
}

int first_stage(const std::vector<Span>& spans) {
  int first = std::numeric_limits<int>::max();
  for (const Span& span : spans) {
    if (is_compute(span.action.kind)) first = std::min(first, span.action.stage);
  }
  return first;
}

std::string box(const Span& span, double scale, double top, bool further) {
  const Style& style = *style_of(span.action.kind);
  const bool reduce = span.action.kind == ActionKind::kReduce;
  const double x = kLeft + span.start * scale, width = (span.end - span.start) * scale;
  std::string text = str_format(
      "<rect class=\"{}{}\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.0f}\"><title>{} "
      "{:.3f} - {:.3f} ms</title></rect>\n",
      style.css_class, further ? "2" : "", x, reduce ? top + kBoxHeight + 1 : top, width,
      reduce ? 4.0 : kBoxHeight, to_string(span.action), span.start * 1e3, span.end * 1e3);
  const std::string number = std::to_string(span.action.micro_batch);
  if (!is_compute(span.action.kind) || width < kDigitWidth * static_cast<double>(number.size())) return text;
  return text + str_format("<text class=\"n\" x=\"{:.2f}\" y=\"{:.1f}\">{}</text>\n", x + width / 2,
                           top + kBoxHeight - 7, number);
}

std::string row(const Timeline& timeline, int rank, double scale) {
  const double top = kTop + rank * kRowHeight;
  std::string text = str_format("<text x=\"8\" y=\"{:.1f}\">rank {}</text>\n", top + kBoxHeight - 7, rank);
  const int first = first_stage(timeline.ranks[rank]);
  for (const Span& span : timeline.ranks[rank]) {
    if (!style_of(span.action.kind) || span.end <= span.start) continue;
    text += box(span, scale, top, is_compute(span.action.kind) && span.action.stage != first);
  }
  return text;
}

/// 1, 2 or 5 times a power of ten, so that at most kMostTicks fit.
double tick_spacing(double milliseconds) {
  const double power = std::pow(10, std::floor(std::log10(milliseconds / kMostTicks)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (milliseconds / (factor * power) <= kMostTicks) return factor * power;
  }
  return 10 * power;
}

std::string axis(double seconds, double scale, double y) {
  std::string text = str_format("<path class=\"a\" d=\"M{} {}h{}\"/>\n", kLeft, y, kChartWidth);
  if (seconds <= 0) return text;
  const double spacing = tick_spacing(seconds * 1e3);
  for (int i = 0; i * spacing <= seconds * 1e3; ++i) {
    const double x = kLeft + i * spacing / 1e3 * scale;
    text += str_format(
        "<path class=\"a\" d=\"M{:.2f} {}v5\"/><text class=\"t\" x=\"{:.2f}\" y=\"{}\">{:g}</text>\n", x, y,
        x, y + 18, i * spacing);
  }
  return text + str_format("<text x=\"{}\" y=\"{}\">ms</text>\n", kLeft + kChartWidth + 8, y + 4);
}

std::string legend(const Timeline& timeline) {
  std::string text;
  double x = kLeft;
  for (const Style& style : kStyles) {
    const bool used = std::any_of(timeline.ranks.begin(), timeline.ranks.end(), [&](const auto& spans) {
      return std::any_of(spans.begin(), spans.end(), [&](const Span& span) {
        return span.action.kind == style.kind && span.end > span.start;
      });
    });
    if (!used) continue;
    text += str_format(
        "<rect class=\"{}\" x=\"{}\" y=\"36\" width=\"12\" height=\"12\"/><text x=\"{}\" "
        "y=\"46\">{}</text>\n",
        style.css_class, x, x + 17, style.name);
    x += 40 + kDigitWidth * static_cast<double>(style.name.size());
  }
  return text;
}

std::string style_sheet() {
  std::string text = "<style>text{font:11px sans-serif;fill:#222}.n,.t{text-anchor:middle}.a{stroke:#222}";
  for (const Style& style : kStyles) {
    text +=
        str_format(".{0}{{fill:{1}}}.{0}2{{fill:{2}}}", style.css_class, style.colour, style.further_colour);
  }
  return text + "rect{stroke:#fff;stroke-width:.5}</style>\n";
}

}  // namespace

std::string timeline_svg(const Timeline& timeline, const std::string& title) {
  const double scale = timeline.seconds > 0 ? kChartWidth / timeline.seconds : 0;
  const int ranks = static_cast<int>(timeline.ranks.size());
  const double bottom = kTop + ranks * kRowHeight;
  const double width = kLeft + kChartWidth + 40, height = bottom + kBottom;

  std::string text = str_format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\">\n",
      width, height);
  text += style_sheet();
  text += str_format("<rect width=\"{}\" height=\"{}\" fill=\"#fff\"/>\n", width, height);
  text +=
      str_format("<text x=\"{}\" y=\"22\" style=\"font-size:14px\">{}: {}, bubble {:.1f} %</text>\n", kLeft,
                 escape_markup(title), human_seconds(timeline.seconds), 100 * timeline.bubble_rate());
  text += legend(timeline);
  for (int rank = 0; rank < ranks; ++rank) text += row(timeline, rank, scale);
  return text + axis(timeline.seconds, scale, bottom + 4) + "</svg>\n";
}

}  // namespace echelon::schedule
