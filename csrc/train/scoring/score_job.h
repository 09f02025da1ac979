// From a job with trained weights to what its model is worth on the test data.
#pragma once

#include "train/job.h"
#include "train/report/evaluation_report.h"

namespace echelon::train {

/// All of the report but its name, checkpoint and step; complete on rank 0, where the worst samples are
/// described after `settings`. The same to the bit on any number of ranks and in any pipeline, as long as a
/// rank computes with as many threads (Job::make_evaluator). The job must have test data. Collective. Throws
/// as Evaluator::pass() and Scorer.
EvaluationReport score_job(const TrainSettings& settings, Job& job, Communicator& comm);

}  // namespace echelon::train
