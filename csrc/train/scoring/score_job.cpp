#include "train/scoring/score_job.h"

#include "tokenizer/utf8.h"
#include "train/scoring/exchange.h"
#include "train/scoring/scorer.h"
#include "train/scoring/worst_samples.h"

namespace echelon::train {
namespace {

/// As the data name them, else their numbers.
std::vector<std::string> class_names(const Job& job, int64_t classes) {
  std::vector<std::string> names = job.test_data()->class_names();
  if (names.empty()) names = job.train_data()->class_names();
  names.resize(static_cast<size_t>(classes));
  for (size_t i = 0; i < names.size(); ++i)
    names[i] = names[i].empty() ? std::to_string(i) : tokenizer::replace_invalid_utf8(names[i]);
  return names;
}

}  // namespace

EvaluationReport score_job(const TrainSettings& settings, Job& job, Communicator& comm) {
  const std::unique_ptr<Evaluator> evaluator = job.make_evaluator(/*same_batches=*/true);
  const int64_t classes = job.model_interface().output_limit;
  const std::unique_ptr<Scorer> scorer =
      make_scorer({.scoring = job.scoring(), .classes = classes, .samples = job.test_data()->size()});
  EvaluationReport report;
  report.skipped = evaluator->pass(
      [&](const at::Tensor& outputs, const data::Batch& batch) { scorer->add(outputs, batch); });
  sum_over_ranks(comm, {&report.skipped, 1}, "damaged samples");
  scorer->finish(comm, report);
  if (report.classes) report.classes->names = class_names(job, classes);
  if (comm.rank() == 0) describe_worst(settings, *job.test_data(), report.worst);
  return report;
}

}  // namespace echelon::train
