#include "train/report/evaluation_report.h"

namespace echelon::train {
namespace {

template <class Member>
std::optional<double> mean_of(const ClassResults& results, Member member) {
  double sum = 0;
  int64_t count = 0;
  for (const ClassRanking& ranking : results.rankings) {
    if (const std::optional<double>& value = ranking.ranking.*member) sum += *value, ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

}  // namespace

std::optional<double> mean_roc_auc(const ClassResults& results) {
  return mean_of(results, &metrics::Ranking::roc_auc);
}

std::optional<double> mean_average_precision(const ClassResults& results) {
  return mean_of(results, &metrics::Ranking::average_precision);
}

}  // namespace echelon::train
