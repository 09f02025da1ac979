#include <algorithm>
#include <cmath>

#include "common/base64.h"
#include "common/format.h"
#include "common/markup.h"
#include "train/report/charts.h"
#include "train/report/evaluation_report.h"

namespace echelon::train {
namespace {

constexpr const char* kStyle =
    ":root{color-scheme:light dark;--ink:#222;--faint:#666;--rule:#bbb;--ground:#fff;--mark:#3b6fb6}"
    "@media(prefers-color-scheme:dark){:root{--ink:#ddd;--faint:#999;--rule:#555;--ground:#181818;--mark:#"
    "6c9be0}"
    "}body{font:14px/1.4 sans-serif;margin:2em;color:var(--ink);background:var(--ground)}h1{font-size:20px}"
    "h2{font-size:15px;margin-top:2em}p{color:var(--faint)}table{border-collapse:collapse}td,th{padding:2px "
    "14px "
    "2px 0;text-align:right;font-variant-numeric:tabular-nums;vertical-align:top}th{color:var(--faint);"
    "font-weight:normal;white-space:nowrap}.left{text-align:left;overflow-wrap:anywhere}.text{max-width:50em;"
    "white-space:pre-"
    "wrap;"
    "text-align:left}.charts{display:flex;flex-wrap:wrap;gap:1em}dl{"
    "display:grid;grid-template-columns:max-content auto;gap:2px 16px}dt{color:var(--faint)}dd{margin:0;"
    "overflow-wrap:anywhere}img{image-rendering:pixelated}svg{max-width:100%;height:auto}svg text{font:11px "
    "sans-serif;fill:var(--ink)}svg text.mid{text-anchor:middle}svg text.end{text-anchor:end}svg "
    "text.black{fill:"
    "#222}svg "
    "text.white{fill:#fff}.axis{stroke:var(--faint)}.area{fill:none;stroke:var(--rule)}.line{fill:none;"
    "stroke-width:1.5}.guide{stroke:var(--rule);stroke-dasharray:4 3}.cell{stroke:#ddd;stroke-width:.5}.dot{"
    "fill:var(--mark);fill-opacity:.4}.bar{fill:var(--mark);stroke:var(--ground);stroke-width:.5}";
constexpr const char* kAbsent = "–";
/// What is shown of many classes.
constexpr size_t kListedClasses = 200, kHeatMapClasses = 30, kConfusedPairs = 30, kLongestName = 24;

using Cells = std::vector<std::string>;

/// At most so many characters; what XML cannot hold is replaced.
std::string shown(std::string_view text, size_t most = std::string::npos) {
  std::string result;
  size_t characters = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80 && characters++ == most) return result + "…";
    if (byte < 0x20 && c != '\n' && c != '\t') {
      result += "\xef\xbf\xbd";
    } else {
      result += c;
    }
  }
  return result;
}

/// Four digits behind the point, which say nothing of numbers that are very small and are noise in large
/// ones.
std::string number(double value) {
  if (!std::isfinite(value)) return kAbsent;
  const double magnitude = std::abs(value);
  if (magnitude > 0 && magnitude < 0.001) return str_format("{:.3g}", value);
  return magnitude < 1e6 ? str_format("{:.4f}", value) : str_format("{:.6g}", value);
}

std::string number(const std::optional<double>& value) {
  return value ? number(*value) : kAbsent;
}

std::string heading(std::string_view title) {
  return str_format("<h2>{}</h2>\n", escape_markup(title));
}

std::string note(std::string_view text) {
  return text.empty() ? "" : str_format("<p>{}</p>\n", escape_markup(text));
}

/// The cells hold markup. `left`: how many columns at the beginning are text.
std::string row(const Cells& cells, const char* element, size_t left) {
  std::string text = "<tr>";
  for (size_t i = 0; i < cells.size(); ++i)
    text += str_format("<{0}{1}>{2}</{0}>", element, i < left ? " class=\"left\"" : "", cells[i]);
  return text + "</tr>\n";
}

std::string table(const Cells& columns, const std::vector<Cells>& rows, size_t left) {
  std::string text = "<table>\n" + row(columns, "th", left);
  for (const Cells& cells : rows) text += row(cells, "td", left);
  return text + "</table>\n";
}

std::string fact(std::string_view name, const std::string& value) {
  return str_format("<dt>{}</dt><dd>{}</dd>\n", name, escape_markup(shown(value)));
}

std::string facts(const EvaluationReport& report) {
  std::string text = "<dl>\n" + fact("checkpoint", report.checkpoint) +
                     fact("step", std::to_string(report.step)) +
                     fact("samples", std::to_string(report.samples));
  if (report.targets != report.samples) text += fact("targets", std::to_string(report.targets));
  if (report.skipped > 0) text += fact("skipped", str_format("{} damaged samples", report.skipped));
  return text + "</dl>\n";
}

std::string metrics_table(const EvaluationReport& report) {
  std::vector<Cells> rows;
  for (const auto& [name, value] : report.metrics) rows.push_back({escape_markup(name), number(value)});
  return heading("metrics") + table({"metric", "value"}, rows, 1);
}

std::string name_of(const ClassResults& results, int64_t c) {
  return escape_markup(shown(results.names[static_cast<size_t>(c)]));
}

Cells score_cells(std::string name, const std::string& support, const metrics::ClassScores& scores) {
  return {std::move(name), support, number(scores.precision), number(scores.recall), number(scores.f1)};
}

void add_areas(Cells& cells, const std::optional<double>& roc_auc,
               const std::optional<double>& average_precision) {
  cells.push_back(number(roc_auc));
  cells.push_back(number(average_precision));
}

/// All, or of many those with the lowest F1 among those that have samples.
std::vector<int64_t> listed_classes(const ClassResults& results) {
  std::vector<int64_t> classes;
  const bool all = results.names.size() <= kListedClasses;
  for (int64_t c = 0; c < results.counts.classes(); ++c) {
    if (all || results.counts.support(c) > 0) classes.push_back(c);
  }
  if (all) return classes;
  std::ranges::stable_sort(classes, {},
                           [&](int64_t c) { return results.report.classes[static_cast<size_t>(c)].f1; });
  classes.resize(std::min(classes.size(), kListedClasses));
  return classes;
}

std::string class_table(const ClassResults& results) {
  std::vector<Cells> rows;
  for (const int64_t c : listed_classes(results)) {
    Cells cells = score_cells(name_of(results, c), std::to_string(results.counts.support(c)),
                              results.report.classes[static_cast<size_t>(c)]);
    const metrics::Ranking* ranking = ranking_of(results, c);
    add_areas(cells, ranking ? ranking->roc_auc : std::nullopt,
              ranking ? ranking->average_precision : std::nullopt);
    rows.push_back(std::move(cells));
  }
  Cells macro = score_cells("macro mean", "", results.report.macro);
  const bool several = results.rankings.size() > 1;
  add_areas(macro, several ? mean_roc_auc(results) : std::nullopt,
            several ? mean_average_precision(results) : std::nullopt);
  Cells weighted =
      score_cells("weighted mean", std::to_string(results.counts.total()), results.report.weighted);
  add_areas(weighted, std::nullopt, std::nullopt);
  rows.push_back(std::move(macro));
  rows.push_back(std::move(weighted));
  const std::string title = results.names.size() <= kListedClasses
                                ? "classes"
                                : str_format("classes: the {} with the lowest F1", kListedClasses);
  return heading(title) +
         table({"class", "support", "precision", "recall", "F1", "ROC area", "average precision"}, rows, 1);
}

std::string pair_table(const ClassResults& results) {
  std::vector<Cells> rows;
  for (const metrics::ConfusedPair& pair : most_confused(results.counts, kConfusedPairs)) {
    const auto support = static_cast<double>(results.counts.support(pair.true_class));
    rows.push_back({name_of(results, pair.true_class), name_of(results, pair.predicted_class),
                    std::to_string(pair.count),
                    str_format("{:.1f} %", 100 * static_cast<double>(pair.count) / support)});
  }
  return table({"true class", "taken for", "samples", "of the class"}, rows, 2);
}

std::string confusion(const ClassResults& results) {
  if (!results.counts.has_matrix()) {
    return heading("confusion") +
           note(str_format("There are {} classes; confusions are counted for at most {}.",
                           results.names.size(), metrics::ConfusionCounts::kMatrixClasses));
  }
  if (results.names.size() > kHeatMapClasses) return heading("most confused classes") + pair_table(results);
  std::vector<std::string> names;
  for (const std::string& name : results.names) names.push_back(shown(name, kLongestName));
  return heading("confusion matrix") +
         note("Rows: true class; columns: predicted class; darker: a larger share of the row.") +
         heat_map(results.counts, names);
}

/// As many as have a colour; of more those with the lowest average precision.
std::vector<const ClassRanking*> drawn_rankings(const ClassResults& results) {
  std::vector<const ClassRanking*> drawn;
  for (const ClassRanking& ranking : results.rankings) {
    if (ranking.ranking.average_precision) drawn.push_back(&ranking);
  }
  if (drawn.size() <= kSeriesColours) return drawn;
  std::ranges::stable_sort(drawn, {}, [](const ClassRanking* r) { return *r->ranking.average_precision; });
  drawn.resize(kSeriesColours);
  return drawn;
}

std::string curves(const ClassResults& results) {
  if (!results.no_rankings.empty()) return heading("curves") + note("Left out: " + results.no_rankings + ".");
  std::vector<Series> roc, precision_recall;
  for (const ClassRanking* drawn : drawn_rankings(results)) {
    const std::string name = shown(results.names[static_cast<size_t>(drawn->of_class)], kLongestName);
    const metrics::Ranking& ranking = drawn->ranking;
    if (ranking.roc_auc) roc.push_back({name + ", " + number(ranking.roc_auc), ranking.roc});
    precision_recall.push_back({name + ", " + number(ranking.average_precision), ranking.precision_recall});
  }
  std::string text = heading("ROC and precision-recall curves, with their areas");
  if (results.rankings.size() > kSeriesColours)
    text += note(str_format("The {} classes with the lowest average precision.", kSeriesColours));
  text += "<div class=\"charts\">\n";
  if (!roc.empty()) text += line_chart(roc, {"false-positive rate", "true-positive rate"}, /*diagonal=*/true);
  if (!precision_recall.empty())
    text += line_chart(precision_recall, {"recall", "precision"}, /*diagonal=*/false);
  text += "</div>\n";
  if (precision_recall.size() == 1) {
    const ClassRanking& drawn = *drawn_rankings(results).front();
    text += note(str_format("Of class {}: ROC area {}, average precision {}.",
                            shown(results.names[static_cast<size_t>(drawn.of_class)]),
                            number(drawn.ranking.roc_auc), number(drawn.ranking.average_precision)));
  }
  if (roc.empty()) text += note("Of one class alone there is no ROC curve.");
  return text;
}

std::string number_charts(const NumberResults& results) {
  std::string text = heading("predicted against true numbers, and residuals") + "<div class=\"charts\">\n";
  text += scatter_chart(results.points, {"true", "predicted"});
  if (results.residuals) text += histogram_chart(*results.residuals, {"predicted - true", "samples"});
  text += "</div>\n";
  return results.residuals ? text : text + note("Residuals are left out: " + results.no_residuals + ".");
}

std::string picture(const WorstSample& sample) {
  return sample.picture.empty() ? ""
                                : str_format("<img alt=\"sample {}\" src=\"data:image/png;base64,{}\"/>",
                                             sample.index, encode_base64(sample.picture));
}

Cells worst_cells(const EvaluationReport& report, const WorstSample& sample) {
  Cells cells{std::to_string(sample.index), escape_markup(shown(sample.place))};
  if (report.classes) {
    const auto with_share = [&](double c, double share) {
      return str_format("{} ({:.2f} %)", name_of(*report.classes, static_cast<int64_t>(c)), 100 * share);
    };
    cells.insert(cells.end(), {with_share(sample.truth, sample.true_probability),
                               with_share(sample.predicted, sample.probability)});
  } else if (report.numbers) {
    cells.insert(cells.end(), {str_format("{:.6g}", sample.truth), str_format("{:.6g}", sample.predicted)});
  } else {
    cells.push_back(str_format("<div class=\"text\">{}</div>", escape_markup(shown(sample.text))));
  }
  cells.push_back(number(sample.loss));
  return cells;
}

std::string worst_table(const EvaluationReport& report) {
  if (report.worst.empty()) return "";
  const bool pictures =
      std::ranges::any_of(report.worst, [](const WorstSample& s) { return !s.picture.empty(); });
  const bool places =
      std::ranges::any_of(report.worst, [](const WorstSample& s) { return !s.place.empty(); });
  Cells columns{"sample", "place"};
  if (report.classes || report.numbers) {
    columns.insert(columns.end(), {"true", "predicted"});
  } else {
    columns.emplace_back("text");
  }
  columns.emplace_back("loss");
  if (!places) columns.erase(columns.begin() + 1);
  if (pictures) columns.insert(columns.begin(), "");
  std::vector<Cells> rows;
  for (const WorstSample& sample : report.worst) {
    Cells cells = worst_cells(report, sample);
    if (!places) cells.erase(cells.begin() + 1);
    if (pictures) cells.insert(cells.begin(), picture(sample));
    rows.push_back(std::move(cells));
  }
  return heading("samples with the highest loss") + table(columns, rows, columns.size() - 1);
}

}  // namespace

std::string to_html(const EvaluationReport& report) {
  std::string text = str_format(
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta "
      "charset=\"utf-8\"/>\n"
      "<title>{0}: evaluation</title>\n<style>{1}</style>\n</head>\n<body>\n<h1>{0}: evaluation</h1>\n",
      escape_markup(shown(report.name)), kStyle);
  text += facts(report) + metrics_table(report);
  if (report.classes)
    text += class_table(*report.classes) + confusion(*report.classes) + curves(*report.classes);
  if (report.numbers) text += number_charts(*report.numbers);
  return text + worst_table(report) + "</body>\n</html>\n";
}

}  // namespace echelon::train
