#include "metrics/classes.h"

#include <algorithm>
#include <tuple>

#include "common/error.h"
#include "common/format.h"

namespace echelon::metrics {
namespace {

double ratio(double numerator, double divisor) {
  return divisor == 0 ? 0 : numerator / divisor;
}

ClassScores scores_of(const ConfusionCounts& counts, int64_t c) {
  const auto correct = static_cast<double>(counts.correct(c));
  const auto predicted = static_cast<double>(counts.predicted(c));
  const auto support = static_cast<double>(counts.support(c));
  return {ratio(correct, predicted), ratio(correct, support), ratio(2 * correct, predicted + support)};
}

void add(ClassScores& sum, const ClassScores& scores, double weight) {
  sum.precision += weight * scores.precision;
  sum.recall += weight * scores.recall;
  sum.f1 += weight * scores.f1;
}

ClassScores divided(const ClassScores& sum, double divisor) {
  return {ratio(sum.precision, divisor), ratio(sum.recall, divisor), ratio(sum.f1, divisor)};
}

}  // namespace

ConfusionCounts::ConfusionCounts(int64_t classes)
    : classes_(classes),
      numbers_(static_cast<size_t>(classes * (kRows + (classes <= kMatrixClasses ? classes : 0)))) {}

void ConfusionCounts::add(int64_t true_class, int64_t predicted_class) {
  for (const int64_t c : {true_class, predicted_class}) {
    if (c < 0 || c >= classes_)
      throw DataError(
          str_format("class {} lies outside the {} classes (0 to {})", c, classes_, classes_ - 1));
  }
  ++numbers_[static_cast<size_t>(kSupport * classes_ + true_class)];
  ++numbers_[static_cast<size_t>(kPredicted * classes_ + predicted_class)];
  if (true_class == predicted_class) ++numbers_[static_cast<size_t>(kCorrect * classes_ + true_class)];
  if (has_matrix()) ++numbers_[static_cast<size_t>((kRows + true_class) * classes_ + predicted_class)];
}

int64_t ConfusionCounts::total() const {
  int64_t sum = 0;
  for (int64_t c = 0; c < classes_; ++c) sum += support(c);
  return sum;
}

int64_t ConfusionCounts::count(int64_t true_class, int64_t predicted_class) const {
  if (!has_matrix()) throw InternalError("a count of a confusion matrix that is not kept");
  return at(kRows + true_class, predicted_class);
}

ClassReport report_classes(const ConfusionCounts& counts) {
  ClassReport report;
  ClassScores macro, weighted;
  double correct = 0, present = 0;
  const auto total = static_cast<double>(counts.total());
  for (int64_t c = 0; c < counts.classes(); ++c) {
    const ClassScores scores = scores_of(counts, c);
    report.classes.push_back(scores);
    correct += static_cast<double>(counts.correct(c));
    if (counts.support(c) + counts.predicted(c) == 0) continue;
    ++present;
    add(macro, scores, 1);
    add(weighted, scores, static_cast<double>(counts.support(c)));
  }
  report.accuracy = ratio(correct, total);
  report.macro = divided(macro, present);
  report.weighted = divided(weighted, total);
  return report;
}

std::vector<ConfusedPair> most_confused(const ConfusionCounts& counts, size_t limit) {
  std::vector<ConfusedPair> pairs;
  for (int64_t t = 0; t < counts.classes(); ++t) {
    for (int64_t p = 0; p < counts.classes(); ++p) {
      if (t != p && counts.count(t, p) > 0) pairs.push_back({t, p, counts.count(t, p)});
    }
  }
  const auto shown = pairs.begin() + static_cast<std::ptrdiff_t>(std::min(limit, pairs.size()));
  std::partial_sort(pairs.begin(), shown, pairs.end(), [](const ConfusedPair& a, const ConfusedPair& b) {
    return std::tuple(-a.count, a.true_class, a.predicted_class) <
           std::tuple(-b.count, b.true_class, b.predicted_class);
  });
  pairs.erase(shown, pairs.end());
  return pairs;
}

}  // namespace echelon::metrics
