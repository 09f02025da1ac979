// What an evaluation found, and the two files that tell it (docs/evaluate.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/classes.h"
#include "metrics/histogram.h"
#include "metrics/ranking.h"

namespace echelon::train {

struct ClassRanking {
  int64_t of_class = 0;
  metrics::Ranking ranking;
};

/// Of a model that chooses among classes.
struct ClassResults {
  std::vector<std::string> names;  ///< by number
  metrics::ConfusionCounts counts;
  metrics::ClassReport report;
  /// Of two classes class 1 against class 0, of more each against the rest.
  std::vector<ClassRanking> rankings{};
  std::string no_rankings{};  ///< why there are none; empty: there are
};

/// That of a class; null where it has none.
const metrics::Ranking* ranking_of(const ClassResults& results, int64_t c);

/// Means over the classes for which there is one.
std::optional<double> mean_roc_auc(const ClassResults& results);
std::optional<double> mean_average_precision(const ClassResults& results);

/// Of a model that predicts a number.
struct NumberResults {
  metrics::Curve points;  ///< of samples at equal distances: true (x) and predicted (y) numbers
  std::optional<metrics::Histogram> residuals{};  ///< predicted less true number
  std::string no_residuals{};                     ///< why there are none; empty: there are
};

/// One of those with the highest loss.
struct WorstSample {
  int64_t index = 0;  ///< in the test data
  double loss = 0;    ///< of text the mean over its targets
  double truth = 0;   ///< the number or the class of the sample; of text nothing
  double predicted = 0;
  double probability = 0;       ///< of classes: of the predicted one
  double true_probability = 0;  ///< of classes: of the true one
  std::string place{};          ///< where the data name it: file and row, shard and key
  std::string text{};           ///< of text: its beginning
  std::string picture{};        ///< of images: a PNG
};

struct EvaluationReport {
  std::string name;        ///< of the run
  std::string checkpoint;  ///< its folder
  int64_t step = 0;
  int64_t samples = 0;
  int64_t targets = 0;                    ///< of text, tokens; else as many as samples
  int64_t skipped = 0;                    ///< damaged samples
  std::map<std::string, double> metrics;  ///< not a number where one is not defined
  std::optional<ClassResults> classes;
  std::optional<NumberResults> numbers;
  std::vector<WorstSample> worst;  ///< the worst first
};

/// JSON, a line for each of its parts. What is not defined is null.
std::string to_json(const EvaluationReport& report);

/// A page in itself: no scripts, nothing from elsewhere; well-formed XML too.
std::string to_html(const EvaluationReport& report);

/// The classes whose curves are shown in `evaluation.json`: for more it has their areas alone.
constexpr size_t kCurvesInJson = 100;

}  // namespace echelon::train
