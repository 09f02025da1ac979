#include "train/job.h"

#include <ATen/Parallel.h>

#include "common/error.h"
#include "common/log.h"
#include "common/processor.h"
#include "data/open_dataset.h"
#include "models/registry.h"
#include "nn/memory_pool.h"
#include "parallel/replicas.h"

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
}

Ranks::Ranks(Communicator& host) : threads_(at::get_num_threads()), host_(&host) {
  launch_.rank = launch_.local_rank = host.rank();
  launch_.world_size = launch_.local_size = host.size();
}

at::Device Ranks::device() const {
  return choice_.is_cuda() ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(choice_.index))
                           : at::Device(at::kCPU);
}

void Ranks::abort(const std::string& reason) noexcept {
  try {
    if (device_comm_) device_comm_->abort(reason);
    host_->abort(reason);
  } catch (const std::exception& error) {
    log::warning("while telling the other ranks: {}", error.what());
  }
}

void Ranks::finalize() {
  if (device_comm_) device_comm_->finalize();
  host_->finalize();
}

Job::Job(const TrainSettings& settings, Ranks& ranks)
    : settings_(settings),
      ranks_(ranks),
      interface_(models::interface_of(settings.model)),
      plan_(parallel::plan_batch(settings.global_batch, settings.micro_batch, ranks.host().size())) {
  const int64_t limit = interface_.output_limit;
  train_data_ = data::open_dataset(settings.data, data::Split::kTrain, limit, &ranks.host());
  test_data_ = data::open_dataset(settings.data, data::Split::kTest, limit, &ranks.host());
  const at::TensorOptions options =
      at::TensorOptions().dtype(storage_type(settings.precision)).device(ranks.device());
  model_ = std::make_unique<nn::LayeredModel>(models::make_model(settings.model), options,
                                              static_cast<uint64_t>(settings.seed));
  parallel::equalise_replicas(*model_, ranks.group());
}

data::LoaderOptions Job::loader_options() const {
  data::LoaderOptions options = data::loader_options(settings_.data);
  options.global_batch = plan_.global_batch;
  options.micro_batch = plan_.micro_batch;
  options.rank = ranks_.host().rank();
  options.world_size = ranks_.host().size();
  options.seed = static_cast<uint64_t>(settings_.seed);
  options.dtype = storage_type(settings_.precision);
  options.device = ranks_.device();
  return options;
}

std::unique_ptr<Evaluator> Job::make_evaluator() {
  if (!test_data_) return nullptr;
  data::LoaderOptions options = loader_options();
  if (settings_.evaluate.batch) options.micro_batch = *settings_.evaluate.batch;
  return std::make_unique<Evaluator>(*model_, ranks_.host(), test_data_, options, settings_.precision,
                                     is_language_model());
}

}  // namespace echelon::train
