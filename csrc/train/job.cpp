#include "train/job.h"

#include <algorithm>

#include "models/registry.h"
#include "parallel/replicas.h"
#include "train/job_costs.h"
#include "train/precision.h"

namespace echelon::train {
namespace {

/// This rank's communicators of its pipeline, where it is not alone.
std::optional<parallel::RankGroup> pipeline_of(parallel::GridGroups& groups) {
  if (groups.grid().pipeline == 1) return std::nullopt;
  return groups.pipeline();
}

/// What each rank may use: the least of them all, so that all plan alike.
int64_t memory_of_a_rank(const TrainSettings& settings, Ranks& ranks) {
  if (ranks.grid().pipeline == 1) return INT64_MAX;
  const int64_t here = ranks.choice().is_cuda()
                           ? ranks.choice().module->memory(ranks.choice().index).total_bytes
                           : parallel::make_hardware(settings.hardware, number_format(settings.precision),
                                                     ranks.launch().local_size)
                                 .memory_bytes;
  at::Tensor least = at::tensor({here}, at::kLong);
  ranks.host().all_reduce(least, Reduce::kMin, "memory of a rank")->wait();
  return least.item<int64_t>();
}

/// Samples of a batch that does not follow from the number of ranks, as the micro-batch may.
int64_t batch_for_any_ranks(const TrainSettings& settings, const data::Dataset& data) {
  constexpr int64_t kMostSamples = 64, kMostTargets = 8192;
  if (data.rows_per_sample() > 1) return 1;
  if (settings.evaluate.batch) return *settings.evaluate.batch;
  if (settings.micro_batch) return *settings.micro_batch;
  return std::max<int64_t>(
      1, std::min({settings.global_batch, kMostSamples, kMostTargets / data.targets_per_sample()}));
}

}  // namespace

Job::Job(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored)
    : ranks_(ranks),
      data_(settings, ranks, stored),
      spec_(models::make_model(data_.settings().model)),
      layout_(plan_layout(data_.settings(), spec_, ranks.grid(), plan(), memory_of_a_rank(settings, ranks))),
      train_data_(data_.open(data::Split::kTrain)),
      test_data_(data_.open(data::Split::kTest)) {
  const at::TensorOptions options =
      at::TensorOptions().dtype(storage_type(settings.precision)).device(ranks.device());
  parallel::GridGroups& groups = ranks.groups();
  model_ = std::make_unique<nn::LayeredModel>(
      spec_, parallel::parts_of(layout_, groups.place(), spec_.layers.size()), options,
      static_cast<uint64_t>(settings.seed));
  model_->set_recomputed(layout_.recomputed);
  parallel::equalise_replicas(*model_, groups.replicas());
  runtime_ = std::make_unique<parallel::PipelineRuntime>(spec_, layout_.first_layers, layout_.schedule,
                                                         pipeline_of(groups), ranks.device());
  keep_needed_data();
}

void Job::keep_needed_data() {
  // Which sample takes the place of a damaged one is decided by the input.
  if (runtime_->has_first_stage() ||
      data::loader_options(data_.settings().data).on_error == data::OnError::kSkip)
    return;
  for (auto* data : {&train_data_, &test_data_}) {
    if (const auto targets = *data ? (*data)->targets() : nullptr) *data = targets;
  }
}

std::unique_ptr<Evaluator> Job::make_evaluator(bool same_batches) {
  if (!test_data_) return nullptr;
  data::LoaderOptions options = loader_options();
  if (data_.settings().evaluate.batch) options.micro_batch = *data_.settings().evaluate.batch;
  if (same_batches) {
    options.micro_batch = batch_for_any_ranks(data_.settings(), *test_data_);
    options.whole_batches = true;
  }
  return std::make_unique<Evaluator>(*model_, *runtime_, ranks_.host(), test_data_, options,
                                     data_.settings().precision, scoring());
}

}  // namespace echelon::train
