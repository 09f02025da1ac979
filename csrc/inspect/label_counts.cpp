#include "inspect/label_counts.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "common/format.h"

namespace echelon::inspect {
namespace {

constexpr size_t kShown = 20, kLongest = 40, kCounted = 100'000;
constexpr int64_t kWidth = 40;  // of the longest bar

using Count = std::pair<std::string, int64_t>;

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kBlank) + 1 - first).substr(0, kLongest));
}

/// Whole numbers first, by their values.
bool in_order(const Count& a, const Count& b) {
  const auto number = [](const std::string& text, int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  };
  int64_t left = 0, right = 0;
  const bool is_left = number(a.first, left), is_right = number(b.first, right);
  if (is_left != is_right) return is_left;
  if (is_left && left != right) return left < right;
  return a.first < b.first;
}

}  // namespace

void LabelCounts::add(std::string_view text) {
  ++labels_;
  std::string label = trimmed(text);
  const auto found = counts_.find(label);
  if (found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < kCounted) {
    counts_.emplace(std::move(label), 1);
  } else {
    ++further_;
  }
}

void LabelCounts::report(Report& report) const {
  if (labels_ == 0) return;
  std::vector<Count> counts(counts_.begin(), counts_.end());
  std::sort(counts.begin(), counts.end(), in_order);
  const bool all = counts.size() <= kShown;
  if (!all) {
    std::stable_sort(counts.begin(), counts.end(),
                     [](const Count& a, const Count& b) { return a.second > b.second; });
    counts.resize(kShown);
  }
  int64_t most = 1;
  for (const Count& count : counts) most = std::max(most, count.second);
  report.row("labels",
             str_format("{}{} different ones in .cls{}", further_ > 0 ? "more than " : "", counts_.size(),
                        all ? "" : str_format(", of which the {} most frequent", kShown)));
  for (const auto& [label, count] : counts)
    report.line(str_format("    {:>12}  {:>9}  {}", label, count,
                           std::string(static_cast<size_t>((count * kWidth + most - 1) / most), '#')));
}

}  // namespace echelon::inspect
