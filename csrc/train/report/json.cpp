#include <nlohmann/json.hpp>

#include "common/format.h"
#include "train/report/evaluation_report.h"

namespace echelon::train {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json curve(const metrics::Curve& points) {
  Json list = Json::array();
  for (const metrics::Point& point : points) list.push_back({point.x, point.y});
  return list;
}

Json scores(const metrics::ClassScores& scores) {
  return {{"precision", scores.precision}, {"recall", scores.recall}, {"f1", scores.f1}};
}

Json class_list(const ClassResults& results) {
  Json list = Json::array();
  for (size_t c = 0; c < results.names.size(); ++c) {
    const auto number = static_cast<int64_t>(c);
    Json entry = {{"class", number},
                  {"name", results.names[c]},
                  {"support", results.counts.support(number)},
                  {"predicted", results.counts.predicted(number)}};
    entry.update(scores(results.report.classes[c]));
    if (const metrics::Ranking* ranking = ranking_of(results, number)) {
      entry["roc_auc"] = or_null(ranking->roc_auc);
      entry["average_precision"] = or_null(ranking->average_precision);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json confusion(const metrics::ConfusionCounts& counts) {
  Json rows = Json::array();
  for (int64_t t = 0; t < counts.classes(); ++t) {
    Json row = Json::array();
    for (int64_t p = 0; p < counts.classes(); ++p) row.push_back(counts.count(t, p));
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_curves(const ClassResults& results, Json& parts, Json& left_out) {
  if (!results.no_rankings.empty()) left_out["rankings"] = results.no_rankings;
  if (results.rankings.size() > kCurvesInJson) {
    left_out["curves"] = str_format("{} classes: the curves of more than {} are not listed, only their areas",
                                    results.rankings.size(), kCurvesInJson);
    return;
  }
  Json curves = Json::array();
  for (const ClassRanking& ranking : results.rankings) {
    curves.push_back({{"class", ranking.of_class},
                      {"roc", curve(ranking.ranking.roc)},
                      {"precision_recall", curve(ranking.ranking.precision_recall)}});
  }
  parts["curves"] = std::move(curves);
}

void add_classes(const ClassResults& results, Json& parts, Json& left_out) {
  parts["macro"] = scores(results.report.macro);
  if (results.rankings.size() > 1) {
    parts["macro"]["roc_auc"] = or_null(mean_roc_auc(results));
    parts["macro"]["average_precision"] = or_null(mean_average_precision(results));
  }
  parts["weighted"] = scores(results.report.weighted);
  parts["classes"] = class_list(results);
  if (results.counts.has_matrix()) {
    parts["confusion"] = confusion(results.counts);
  } else {
    left_out["confusion"] = str_format("{} classes: the matrix is kept for at most {}",
                                       results.counts.classes(), metrics::ConfusionCounts::kMatrixClasses);
  }
  add_curves(results, parts, left_out);
}

void add_numbers(const NumberResults& results, Json& parts, Json& left_out) {
  parts["points"] = curve(results.points);
  if (const auto& residuals = results.residuals) {
    parts["residuals"] = {{"low", residuals->low}, {"high", residuals->high}, {"counts", residuals->counts}};
  } else {
    left_out["residuals"] = results.no_residuals;
  }
}

Json worst(const EvaluationReport& report) {
  Json list = Json::array();
  for (const WorstSample& sample : report.worst) {
    Json entry = {{"index", sample.index}, {"loss", sample.loss}};
    if (!sample.place.empty()) entry["place"] = sample.place;
    if (report.classes) {
      entry.update({{"true", static_cast<int64_t>(sample.truth)},
                    {"predicted", static_cast<int64_t>(sample.predicted)},
                    {"true_probability", sample.true_probability},
                    {"predicted_probability", sample.probability}});
    } else if (report.numbers) {
      entry.update({{"true", sample.truth}, {"predicted", sample.predicted}});
    }
    if (!sample.text.empty()) entry["text"] = sample.text;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

std::string to_json(const EvaluationReport& report) {
  Json parts = {{"run", report.name},        {"checkpoint", report.checkpoint}, {"step", report.step},
                {"samples", report.samples}, {"targets", report.targets},       {"skipped", report.skipped},
                {"metrics", report.metrics}};
  Json left_out = Json::object();
  if (report.classes) add_classes(*report.classes, parts, left_out);
  if (report.numbers) add_numbers(*report.numbers, parts, left_out);
  parts["worst"] = worst(report);
  parts["left_out"] = std::move(left_out);
  std::string text;
  for (const auto& [name, part] : parts.items()) {
    text += text.empty() ? "{\n" : ",\n";
    text += str_format("\"{}\": ", name) + part.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return text + "\n}\n";
}

}  // namespace echelon::train
