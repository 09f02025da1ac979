#include "optim/settings.h"

#include <algorithm>

#include "config/fields.h"

namespace echelon::optim {

void describe(config::Fields<ScheduleSettings>& f) {
  f.about("Learning rate over the steps, after a linear warm-up.");
  f.add("name", &ScheduleSettings::name,
        "constant; linear: falls to the end; cosine: half a cosine to the end (Loshchilov & Hutter 2017); "
        "wsd: warm-up, "
        "stable, then decay over the last decay_steps (Hu et al. 2024); step: multiplied by gamma at each "
        "step_size or "
        "milestone.")
      .one_of({"constant", "linear", "cosine", "wsd", "step"});
  f.add("warmup_steps", &ScheduleSettings::warmup_steps, "The rate rises linearly over so many first steps.")
      .unit("steps")
      .at_least(0);
  f.add("min_ratio", &ScheduleSettings::min_ratio, "Where linear, cosine and wsd end, as a share of lr.")
      .at_least(0)
      .at_most(1);
  f.add("decay_steps", &ScheduleSettings::decay_steps,
        "wsd: length of the decay at the end; not set: a tenth of all steps.")
      .unit("steps")
      .at_least(1);
  f.add("decay_shape", &ScheduleSettings::decay_shape,
        "wsd: form of the decay; sqrt is one minus the square root of the progress (Hägele et al. 2024), "
        "exponential "
        "needs min_ratio above 0.")
      .one_of({"linear", "sqrt", "exponential"});
  f.add("step_size", &ScheduleSettings::step_size, "step: steps between two multiplications.")
      .unit("steps")
      .at_least(1);
  f.add("milestones", &ScheduleSettings::milestones,
        "step: the steps to multiply at, rising, instead of step_size.")
      .unit("steps");
  f.add("gamma", &ScheduleSettings::gamma, "step: the factor.").above(0).at_most(1);
  f.check([](const ScheduleSettings& s, config::Checks& checks) {
    if (s.name == "step" && s.step_size.has_value() == !s.milestones.empty()) {
      checks.problem("name", "step needs either step_size or milestones");
    }
    if (s.name != "step" && (s.step_size || !s.milestones.empty())) {
      checks.problem(s.step_size ? "step_size" : "milestones", "belongs to the schedule step");
    }
    if (s.name != "wsd" && s.decay_steps) checks.problem("decay_steps", "belongs to the schedule wsd");
    if (s.name == "wsd" && s.decay_shape == "exponential" && s.min_ratio == 0) {
      checks.problem("min_ratio", "must be above 0 for an exponential decay");
    }
    const auto& m = s.milestones;
    if ((!m.empty() && m.front() < 1) ||
        std::adjacent_find(m.begin(), m.end(), std::greater_equal<>()) != m.end()) {
      checks.problem("milestones", "must be above 0 and rise");
    }
  });
}

void describe(config::Fields<OptimizerSettings>& f) {
  f.about("Optimizer, gradient clipping and learning-rate schedule.");
  f.add("name", &OptimizerSettings::name, "Update rule, with PyTorch's semantics.")
      .one_of({"sgd", "adam", "adamw"});
  f.add("lr", &OptimizerSettings::lr, "Peak learning rate.").above(0).at_most(1e3);
  f.add("momentum", &OptimizerSettings::momentum, "sgd: momentum.").at_least(0).below(1);
  f.add("nesterov", &OptimizerSettings::nesterov, "sgd: Nesterov's momentum.");
  f.add("beta1", &OptimizerSettings::beta1, "adam, adamw: decay of the mean of the gradients.")
      .at_least(0)
      .below(1);
  f.add("beta2", &OptimizerSettings::beta2, "adam, adamw: decay of the mean of their squares.")
      .at_least(0)
      .below(1);
  f.add("eps", &OptimizerSettings::eps, "adam, adamw: added to the denominator.").at_least(0);
  f.add("weight_decay", &OptimizerSettings::weight_decay,
        "Decay of the weights, not of biases and norms: decoupled for adamw, added to the gradient for sgd "
        "and adam.")
      .at_least(0);
  f.add("clip_norm", &OptimizerSettings::clip_norm,
        "Largest norm of all gradients together; not set: no clipping.")
      .above(0);
  f.add("schedule", &OptimizerSettings::schedule, "Learning-rate schedule.");
  f.check([](const OptimizerSettings& s, config::Checks& checks) {
    if (s.nesterov && s.momentum == 0) checks.problem("nesterov", "needs momentum above 0");
    if (s.name != "sgd" && s.momentum != 0)
      checks.problem("momentum", "belongs to sgd; " + s.name + " has beta1");
  });
}

}  // namespace echelon::optim
