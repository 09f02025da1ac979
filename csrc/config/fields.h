// Declaring configuration: one line a field gives the parser, the default, `echelon schema` and the reference page.
//
//   struct OptimizerSettings {                       // csrc/optim/settings.h: plain struct, defaults as initialisers
//     std::string name = "adamw";
//     double lr = 3e-4;
//     std::optional<double> clip_norm;
//     ScheduleSettings schedule;                     // another described struct
//   };
//   void describe(config::Fields<OptimizerSettings>& f);
//
//   void describe(config::Fields<OptimizerSettings>& f) {          // csrc/optim/settings.cpp: found by name look-up
//     f.about("Optimizer and learning-rate schedule.");
//     f.add("name", &OptimizerSettings::name, "Update rule.").one_of({"sgd", "adam", "adamw"});
//     f.add("lr", &OptimizerSettings::lr, "Peak learning rate.").above(0).at_most(1e3);
//     f.add("clip_norm", &OptimizerSettings::clip_norm, "Largest norm of all gradients; not set: no clipping.").above(0);
//     f.add("schedule", &OptimizerSettings::schedule, "Learning-rate schedule.");
//     f.check([](const OptimizerSettings& s, config::Checks& checks) {       // contradictions between fields
//       if (s.nesterov && s.momentum == 0) checks.problem("nesterov", "needs momentum above 0");
//     });
//   }
//
// Types of members: bool, int64_t, double, std::string, config::InputPath, std::optional<T>, std::vector<T>, described
// structs, and std::variant of described structs (a choice by the key `name`: each alternative is declared with
// f.choice<Alternative>("gpt", "GPT-2 architecture.")).
#pragma once
