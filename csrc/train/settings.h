// The root of a training configuration: what `echelon train` and `echelon evaluate` read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "comm/settings.h"
#include "config/declare.h"
#include "data/settings.h"
#include "models/settings.h"
#include "optim/settings.h"
#include "parallel/hardware.h"
#include "parallel/settings.h"
#include "storage/settings.h"

namespace echelon::train {

/// bf16: parameters and optimizer state stay in float32, operations that gain from it run in bfloat16.
enum class Precision { kFloat32, kFloat64, kBfloat16 };

enum class OnNotFinite { kStop, kSkip };

/// Squared errors and Huber's loss are for targets that are numbers, cross entropy for the others.
enum class Loss { kCrossEntropy, kSquaredError, kHuber };

struct LossSettings {
  std::optional<Loss> kind;  ///< not set: by the target
  double delta = 1;          ///< of kHuber
};
void describe(config::Fields<LossSettings>& f);

struct EvaluateSettings {
  std::optional<int64_t> every_steps;
  std::optional<int64_t> every_epochs;
  std::optional<int64_t> batch;
};
void describe(config::Fields<EvaluateSettings>& f);

struct CheckpointSettings {
  std::optional<int64_t> every_steps;
  double every_minutes = 15;
  int64_t keep = 2;
  int64_t keep_best = 1;
  std::string best_by = "loss";
  std::string resume = "auto";
};
void describe(config::Fields<CheckpointSettings>& f);

struct LogSettings {
  int64_t every_steps = 10;
  bool tensorboard = true;
};
void describe(config::Fields<LogSettings>& f);

/// Steps [first_step, first_step + steps), counted from 1.
struct TraceSettings {
  bool enabled = false;
  int64_t first_step = 3;
  int64_t steps = 2;
};
void describe(config::Fields<TraceSettings>& f);

struct TrainSettings {
  std::optional<std::string> name;
  std::string output = "runs";
  int64_t seed = 0;
  std::string device = "auto";
  Precision precision = Precision::kFloat32;
  std::optional<int64_t> threads;
  models::ModelSettings model;
  data::DataSettings data;
  int64_t global_batch = 64;
  std::optional<int64_t> micro_batch;
  std::optional<int64_t> steps;
  std::optional<int64_t> epochs;
  LossSettings loss;
  double label_smoothing = 0;
  optim::OptimizerSettings optimizer;
  std::optional<double> ema_decay;
  OnNotFinite on_nan = OnNotFinite::kStop;
  EvaluateSettings evaluate;
  CheckpointSettings checkpoint;
  LogSettings log;
  TraceSettings trace;
  parallel::ParallelSettings parallel;
  parallel::HardwareSettings hardware;
  CommSettings comm;
  storage::StorageSettings storage;
};
void describe(config::Fields<TrainSettings>& f);

/// Whether the target is a number, of a table.
bool learns_number(const data::DataSettings& data);

}  // namespace echelon::train
