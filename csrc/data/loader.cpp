#include "data/loader.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

PrefetchOptions prefetch_options(const LoaderOptions& options, BadSample on_skip) {
  return {.threads = options.threads,
          .prefetch = options.prefetch,
          .dtype = options.dtype,
          .pinned = options.device.is_cuda(),
          .bad_sample = options.on_error == OnError::kSkip ? on_skip : BadSample::kFail,
          .send = make_send(options.device),
          .clock = options.clock};
}

void require_even_parts(const LoaderOptions& options) {
  const int64_t per_micro_step = options.micro_batch * options.world_size;
  if (per_micro_step > 0 && options.global_batch > 0 && options.global_batch % per_micro_step == 0) return;
  throw ConfigError(str_format(
      "a global batch of {} samples cannot be cut into micro-batches of {} on each of {} ranks; it must "
      "be a multiple of {}",
      options.global_batch, options.micro_batch, options.world_size, per_micro_step));
}

/// The positions of micro-batch `number` of a rank, counted from the restart: see TrainLoader.
int64_t first_position(const LoaderOptions& options, int64_t consumed_samples, int64_t number) {
  const int64_t rank_batch = options.global_batch / options.world_size;
  const int64_t micro_batches = rank_batch / options.micro_batch;
  const int64_t step_start = consumed_samples + number / micro_batches * options.global_batch;
  return step_start + options.rank * rank_batch + number % micro_batches * options.micro_batch;
}

/// The place of the sample that is mixed into the one at `position`.
int64_t partner_of(int64_t position, int64_t global_batch) {
  const int64_t place = position % global_batch;
  return position - place + image::mix_partner(place, global_batch);
}

}  // namespace

LoaderOptions loader_options(const DataSettings& settings) {
  const LoadingSettings& loading = loading_settings(settings);
  LoaderOptions options;
  options.threads = loading.threads;
  options.prefetch = loading.prefetch;
  options.shuffle = loading.shuffle;
  options.last_batch = loading.last_batch;
  options.on_error = loading.on_error;
  if (const auto* images = std::get_if<ImageSettings>(&settings)) {
    options.mix.alphas = {images->augment.mixup.alpha, images->augment.cutmix.alpha};
    options.mix.size = {images->size, images->size};
  }
  return options;
}

TrainLoader::TrainLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options,
                         int64_t consumed_samples)
    : options_(options) {
  require_even_parts(options);
  const auto order = std::make_shared<SampleOrder>(sample_order(*dataset, options));
  auto plan = [order, options, consumed_samples](int64_t number) {
    const int64_t first = first_position(options, consumed_samples, number);
    PlannedBatch planned;
    if (options.mix.enabled()) planned.partner = order->at(partner_of(first, options.global_batch));
    for (int64_t i = 0; i < options.micro_batch; ++i) planned.samples.push_back(order->at(first + i));
    return planned;
  };
  PrefetchOptions prefetching = prefetch_options(options, BadSample::kReplace);
  if (options.mix.enabled()) {
    prefetching.combine = [options, consumed_samples](Batch& batch, int64_t number) {
      const int64_t step = first_position(options, consumed_samples, number) / options.global_batch;
      mix_batch(options.mix, options.seed, step, batch);
    };
  }
  prefetcher_ = std::make_unique<Prefetcher>(std::move(dataset), std::move(plan), prefetching);
}

Batch TrainLoader::next() {
  return prefetcher_->next().value();
}

SampleOrder sample_order(const Dataset& dataset, const LoaderOptions& options) {
  return {dataset, {options.global_batch, options.seed, options.shuffle, options.last_batch}};
}

namespace {

/// Where the part of rank `rank` of an evaluation begins.
int64_t part_start(int64_t samples, const LoaderOptions& options, int rank) {
  if (!options.whole_batches) return samples * rank / options.world_size;
  const int64_t batches = (samples + options.micro_batch - 1) / options.micro_batch;
  return std::min(samples, batches * rank / options.world_size * options.micro_batch);
}

}  // namespace

EvaluationLoader::EvaluationLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options)
    : dataset_(std::move(dataset)),
      options_(options),
      begin_(part_start(dataset_->size(), options, options.rank)),
      end_(part_start(dataset_->size(), options, options.rank + 1)),
      batches_((end_ - begin_ + options.micro_batch - 1) / options.micro_batch) {}

void EvaluationLoader::start() {
  auto plan = [begin = begin_, end = end_, micro_batch = options_.micro_batch](int64_t number) {
    PlannedBatch planned;
    const int64_t first = begin + number * micro_batch;
    for (int64_t i = first; i < std::min(end, first + micro_batch); ++i) planned.samples.push_back({i, 0});
    return planned;
  };
  prefetcher_ = std::make_unique<Prefetcher>(dataset_, std::move(plan),
                                             prefetch_options(options_, BadSample::kLeaveOut));
}

Batch EvaluationLoader::next() {
  if (!prefetcher_) start();
  return prefetcher_->next().value();
}

}  // namespace echelon::data
