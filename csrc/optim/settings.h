// What the configuration says about the optimizer and its learning-rate schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/declare.h"

namespace echelon::optim {

/// The shape of the learning rate over the steps; optim/schedule.h has the formulas.
struct ScheduleSettings {
  std::string name = "constant";
  int64_t warmup_steps = 0;
  double min_ratio = 0;
  std::optional<int64_t> decay_steps;
  std::string decay_shape = "linear";
  std::optional<int64_t> step_size;
  std::vector<int64_t> milestones;
  double gamma = 0.1;
};
void describe(config::Fields<ScheduleSettings>& f);

struct OptimizerSettings {
  std::string name = "adamw";
  double lr = 1e-3;
  double momentum = 0;
  bool nesterov = false;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  std::optional<double> clip_norm;
  ScheduleSettings schedule;
};
void describe(config::Fields<OptimizerSettings>& f);

}  // namespace echelon::optim
