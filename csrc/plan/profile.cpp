#include "plan/profile.h"

#include "cuda/device.h"
#include "models/registry.h"
#include "train/job_costs.h"
#include "train/sample_shapes.h"

namespace echelon::plan {
namespace {

at::Device device_of_this_machine(const std::string& setting) {
  const DeviceChoice choice = choose_device(setting, /*local_rank=*/0);
  if (!choice.is_cuda()) return at::Device(at::kCPU);
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(choice.index));
}

}  // namespace

Profile::Profile(const train::TrainSettings& settings, int ranks, std::optional<int64_t> memory_bytes,
                 int repetitions)
    : settings_(settings),
      repetitions_(repetitions),
      spec_(models::make_model(settings.model)),
      described_(
          parallel::make_hardware(settings.hardware, train::number_format(settings.precision), ranks)) {
  if (memory_bytes) described_.memory_bytes = *memory_bytes;
  hardware_ = described_;
  if (!std::holds_alternative<parallel::MeasuredHardware>(settings.hardware)) return;
  device_ = device_of_this_machine(settings.device);
  crowd_ = device_.is_cpu() ? crowd_of_this_machine(ranks, settings.threads) : Crowd{};
  if (!device_.is_cpu()) return;
  hardware_.ranks_at_once = crowd_->at_full_speed();
  measure_memory(*crowd_, hardware_);
}

parallel::JobShape Profile::job_shape(const train::TrainSettings& settings,
                                      const parallel::Grid& grid) const {
  return train::job_shape(settings, spec_, grid, hardware_);
}

parallel::JobShape Profile::described_job_shape(const train::TrainSettings& settings,
                                                const parallel::Grid& grid) const {
  return train::job_shape(settings, spec_, grid, described_);
}

const parallel::ModelCosts& Profile::costs(int64_t micro_batch, const std::vector<bool>& recomputed) {
  if (!crowd_) return estimated_costs(micro_batch, recomputed);
  const Case key{micro_batch, recomputed};
  const auto known = measured_.find(key);
  if (known != measured_.end()) return known->second;
  return measured_[key] =
             measure_in_crowd(*crowd_, spec_, train::make_sample_batch(settings_, micro_batch, device_),
                              train::cost_options(settings_, recomputed), repetitions_);
}

const parallel::ModelCosts& Profile::estimated_costs(int64_t micro_batch,
                                                     const std::vector<bool>& recomputed) {
  const Case key{micro_batch, recomputed};
  const auto known = estimated_.find(key);
  if (known != estimated_.end()) return known->second;
  const auto batch = train::make_sample_batch(settings_, micro_batch, at::Device(at::kMeta));
  parallel::ModelCosts costs = parallel::estimate_costs(spec_, batch.inputs, batch.targets,
                                                        train::cost_options(settings_, recomputed));
  parallel::set_roofline_seconds(costs, described_);
  return estimated_[key] = std::move(costs);
}

}  // namespace echelon::plan
