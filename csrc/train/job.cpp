#include "train/job.h"

#include <ATen/Parallel.h>

#include "common/error.h"
#include "common/log.h"
#include "common/processor.h"
#include "data/open_dataset.h"
#include "models/registry.h"
#include "nn/memory_pool.h"
#include "parallel/replicas.h"
#include "train/gpu_decoder.h"
#include "train/job_costs.h"
#include "train/precision.h"

namespace echelon::train {

Ranks::Ranks(const TrainSettings& settings, const ProcessEnvironment& environment)
    : launch_(environment.launch()),
      choice_(choose_device(settings.device, launch_.local_rank)),
      threads_(settings.threads ? static_cast<int>(*settings.threads)
                                : default_threads(launch_.core_sharers, launch_.local_size)),
      world_(make_world(environment, settings.comm)),
      host_(world_.get()) {
  at::set_num_threads(threads_);
  nn::install_memory_pool();
  const bool nccl = choice_.is_cuda() && settings.comm.backend != "mpi" && launch_.world_size > 1;
  if (nccl) device_comm_ = choice_.module->make_nccl(*world_, choice_.index);
  divide(settings.parallel.pipeline);
}

Ranks::Ranks(Communicator& host, int64_t pipeline) : threads_(at::get_num_threads()), host_(&host) {
  launch_.rank = launch_.local_rank = host.rank();
  launch_.world_size = launch_.local_size = host.size();
  divide(pipeline);
}

void Ranks::divide(int64_t pipeline) {
  const parallel::RankGroup world{*host_, device_comm_ ? *device_comm_ : *host_};
  groups_ = std::make_unique<parallel::GridGroups>(parallel::make_grid(host_->size(), pipeline), world);
}

at::Device Ranks::device() const {
  return choice_.is_cuda() ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(choice_.index))
                           : at::Device(at::kCPU);
}

void Ranks::abort(const std::string& reason) noexcept {
  try {
    if (groups_) groups_->abort(reason);
    if (device_comm_) device_comm_->abort(reason);
    host_->abort(reason);
  } catch (const std::exception& error) {
    log::warning("while telling the other ranks: {}", error.what());
  }
}

void Ranks::finalize() {
  groups_->finalize();
  if (device_comm_) device_comm_->finalize();
  host_->finalize();
}

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

data::OpenRequest open_request(const TrainSettings& settings, Ranks& ranks,
                               const data::StoredFeatures& stored) {
  data::OpenRequest request{.seed = static_cast<uint64_t>(settings.seed),
                            .storage = std::make_shared<storage::Storage>(settings.storage),
                            .communicator = &ranks.host(),
                            .gpu_decoder = gpu_decoder(settings.data, ranks.choice()),
                            .device = ranks.device()};
  request.tables = open_tables(settings, request, stored);
  return request;
}

}  // namespace

Job::Job(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored)
    : ranks_(ranks),
      request_(open_request(settings, ranks, stored)),
      settings_(with_tables(settings, request_.tables.get())),
      interface_(models::interface_of(settings_.model)),
      plan_(parallel::plan_batch(settings.global_batch, settings.micro_batch, ranks.grid())),
      spec_(models::make_model(settings_.model)),
      layout_(plan_layout(settings_, spec_, ranks.grid(), plan_, memory_of_a_rank(settings, ranks))) {
  request_.model = {.limit = interface_.output_limit, .document_starts = interface_.document_starts};
  train_data_ = data::open_dataset(settings.data, request_);
  request_.split = data::Split::kTest;
  test_data_ = data::open_dataset(settings.data, request_);
  const at::TensorOptions options =
      at::TensorOptions().dtype(storage_type(settings.precision)).device(ranks.device());
  parallel::GridGroups& groups = ranks.groups();
  model_ = std::make_unique<nn::LayeredModel>(
      spec_, parallel::parts_of(layout_, groups.place(), spec_.layers.size()), options, request_.seed);
  model_->set_recomputed(layout_.recomputed);
  parallel::equalise_replicas(*model_, groups.replicas());
  runtime_ = std::make_unique<parallel::PipelineRuntime>(spec_, layout_.first_layers, layout_.schedule,
                                                         pipeline_of(groups), ranks.device());
  keep_needed_data();
}

void Job::keep_needed_data() {
  // Which sample takes the place of a damaged one is decided by the input.
  if (runtime_->has_first_stage() || data::loader_options(settings_.data).on_error == data::OnError::kSkip)
    return;
  for (auto* data : {&train_data_, &test_data_}) {
    if (const auto targets = *data ? (*data)->targets() : nullptr) *data = targets;
  }
}

data::LoaderOptions Job::loader_options() const {
  data::LoaderOptions options = data::loader_options(settings_.data);
  options.global_batch = plan_.global_batch;
  options.micro_batch = plan_.micro_batch;
  options.rank = ranks_.groups().replica();
  options.world_size = ranks_.grid().replicas;
  options.seed = static_cast<uint64_t>(settings_.seed);
  options.dtype = storage_type(settings_.precision);
  options.device = ranks_.device();
  options.mix.classes = interface_.output_limit;
  return options;
}

std::unique_ptr<Evaluator> Job::make_evaluator() {
  if (!test_data_) return nullptr;
  data::LoaderOptions options = loader_options();
  if (settings_.evaluate.batch) options.micro_batch = *settings_.evaluate.batch;
  return std::make_unique<Evaluator>(*model_, *runtime_, ranks_.host(), test_data_, options,
                                     settings_.precision, scoring_of(settings_, tables()));
}

}  // namespace echelon::train
