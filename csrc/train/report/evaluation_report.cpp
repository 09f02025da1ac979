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

const metrics::Ranking* ranking_of(const ClassResults& results, int64_t c) {
  const std::vector<ClassRanking>& rankings = results.rankings;
  if (rankings.size() == results.names.size()) return &rankings[static_cast<size_t>(c)].ranking;
  return rankings.size() == 1 && rankings[0].of_class == c ? &rankings[0].ranking : nullptr;
}

std::optional<double> mean_roc_auc(const ClassResults& results) {
  return mean_of(results, &metrics::Ranking::roc_auc);
}

std::optional<double> mean_average_precision(const ClassResults& results) {
  return mean_of(results, &metrics::Ranking::average_precision);
}

}  // namespace echelon::train
