// What the layers of a run cost, for any micro-batch, each case worked out once.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "parallel/cost/layer_costs.h"
#include "parallel/cost/stage_costs.h"
#include "plan/measure.h"
#include "train/settings.h"

namespace echelon::plan {

class Profile {
 public:
  /// For a job of `ranks` ranks; each may use `memory_bytes`, if that is given, instead of what the hardware
  /// has. Under `hardware: measured` this measures the machine's memory. `settings` must outlive this object.
  Profile(const train::TrainSettings& settings, int ranks, std::optional<int64_t> memory_bytes,
          int repetitions);

  const nn::ModelSpec& spec() const { return spec_; }
  const parallel::Hardware& hardware() const { return hardware_; }
  /// What the ranks of this machine share; nothing where the hardware is described.
  const std::optional<Crowd>& crowd() const { return crowd_; }

  /// `settings` may be others than this was made for, as far as model, precision and ranks are the same.
  parallel::JobShape job_shape(const train::TrainSettings& settings, const parallel::Grid& grid) const;
  /// With seconds, measured or by the roofline. `recomputed`: by layer.
  const parallel::ModelCosts& costs(int64_t micro_batch, const std::vector<bool>& recomputed);

  /// The same from figures alone, without measurement: what `echelon train` lays out the model by.
  parallel::JobShape described_job_shape(const train::TrainSettings& settings,
                                         const parallel::Grid& grid) const;
  const parallel::ModelCosts& estimated_costs(int64_t micro_batch, const std::vector<bool>& recomputed);

 private:
  using Case = std::pair<int64_t, std::vector<bool>>;

  const train::TrainSettings& settings_;
  int repetitions_;
  nn::ModelSpec spec_;
  parallel::Hardware described_;
  parallel::Hardware hardware_;
  std::optional<Crowd> crowd_;
  at::Device device_ = at::Device(at::kMeta);
  std::map<Case, parallel::ModelCosts> estimated_;
  std::map<Case, parallel::ModelCosts> measured_;
};

}  // namespace echelon::plan
