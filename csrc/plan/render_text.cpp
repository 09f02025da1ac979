#include "common/format.h"
#include "plan/report.h"
#include "schedule/timeline.h"

namespace echelon::plan {
namespace {

constexpr int kColumns = 100;

/// `text` behind `first`, broken between words, further lines indented as far.
std::string paragraph(const std::string& first, const std::string& text) {
  std::string result, line = first;
  const std::string indent(first.size(), ' ');
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() + word.size() > kColumns && line.size() > indent.size()) {
      result += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = indent;
    }
    line += word + " ";
    begin = end + 1;
  }
  return result + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::string to_text(const Plan& plan) {
  const Report report = make_report(plan);
  std::string text = report.title + "\n";
  for (const auto& [name, value] : report.facts) text += paragraph(str_format("  {:<10}", name), value);
  for (const Table& table : report.tables) {
    text += "\n";
    text += to_text(table);
  }
  text += "\ntimeline\n" + schedule::timeline_text(plan.schedule.timeline, kColumns);
  text += "\n";
  for (const std::string& note : report.notes) text += paragraph("note: ", note);
  text.pop_back();
  return text;
}

}  // namespace echelon::plan
