#include "common/format.h"
#include "common/markup.h"
#include "plan/report.h"
#include "schedule/timeline.h"

namespace echelon::plan {
namespace {

constexpr const char* kStyle =
    "body{font:14px sans-serif;margin:2em;color:#222}h1{font-size:20px}h2{font-size:15px;margin-top:2em}"
    "table{border-collapse:collapse}td,th{padding:2px 12px 2px 0;text-align:right;font-variant-numeric:"
    "tabular-nums}th{color:#666;font-weight:normal}.left{text-align:left}dt{float:left;width:7em;color:#666}"
    "dd{margin:0 0 4px 7em}.timeline{overflow-x:auto}";

}  // namespace

std::string to_svg(const Plan& plan) {
  return schedule::timeline_svg(
      plan.schedule.timeline,
      str_format("{}, {}", plan.name, parallel::schedule_text(plan.schedule.settings)));
}

std::string to_html(const Plan& plan) {
  const Report report = make_report(plan);
  std::string text = str_format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>{0}</title>\n"
      "<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n<dl>\n",
      escape_markup(report.title), kStyle);
  for (const auto& [name, value] : report.facts)
    text += str_format("<dt>{}</dt><dd>{}</dd>\n", escape_markup(name), escape_markup(value));
  text += "</dl>\n<h2>timeline</h2>\n<div class=\"timeline\">\n" + to_svg(plan) + "</div>\n";
  for (const Table& table : report.tables) text += to_html(table);
  text += "<h2>notes</h2>\n<ul>\n";
  for (const std::string& note : report.notes) text += str_format("<li>{}</li>\n", escape_markup(note));
  return text + "</ul>\n</body>\n</html>\n";
}

}  // namespace echelon::plan
