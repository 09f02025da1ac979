#include "train/ranks.h"

#include <ATen/Parallel.h>

#include "common/log.h"
#include "common/processor.h"
#include "nn/memory_pool.h"

namespace echelon::train {

Ranks::Ranks(const TrainSettings& settings, const ProcessEnvironment& environment)
    : Ranks({.device = settings.device,
             .threads = settings.threads,
             .comm = settings.comm,
             .pipeline = settings.parallel.pipeline},
            environment) {}

Ranks::Ranks(const RankOptions& options, const ProcessEnvironment& environment)
    : launch_(environment.launch()),
      choice_(choose_device(options.device, launch_.local_rank)),
      threads_(options.threads ? static_cast<int>(*options.threads)
                               : default_threads(launch_.core_sharers, launch_.local_size)),
      world_(make_world(environment, options.comm)),
      host_(world_.get()) {
  at::set_num_threads(threads_);
  nn::install_memory_pool();
  const bool nccl =
      options.on_device && choice_.is_cuda() && options.comm.backend != "mpi" && launch_.world_size > 1;
  if (nccl) device_comm_ = choice_.module->make_nccl(*world_, choice_.index);
  divide(options.pipeline);
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

}  // namespace echelon::train
