// What training and evaluation share: device, model and data, built from the settings of a run.
#pragma once

#include <memory>
#include <string>

#include "comm/world.h"
#include "cuda/device.h"
#include "data/loader.h"
#include "nn/layered_model.h"
#include "parallel/batch_plan.h"
#include "parallel/replica_group.h"
#include "train/evaluation.h"
#include "train/settings.h"

namespace echelon::train {

/// The communicators of a run and the device that this rank computes on.
class Ranks {
 public:
  /// Chooses the device, sets the number of compute threads and connects all ranks. Collective. Throws
  /// ConfigError when the device cannot be had, CommError when the ranks cannot be connected.
  Ranks(const TrainSettings& settings, const ProcessEnvironment& environment);
  /// Ranks that are connected already and compute on the CPU, as threads of this process say; `host` must
  /// outlive this.
  explicit Ranks(Communicator& host);

  parallel::ReplicaGroup group() { return {*host_, device_comm_ ? *device_comm_ : *host_}; }
  Communicator& host() { return *host_; }
  const Launch& launch() const { return launch_; }
  const DeviceChoice& choice() const { return choice_; }
  at::Device device() const;
  int threads() const { return threads_; }

  /// Tells every other rank that this one has failed, and why.
  void abort(const std::string& reason) noexcept;
  /// Collective; at the end of a run in which no rank failed.
  void finalize();

 private:
  Launch launch_;
  DeviceChoice choice_;
  int threads_;
  std::unique_ptr<WatchedCommunicator> world_;  // what host_ is, where it is our own
  Communicator* host_;
  std::unique_ptr<Communicator> device_comm_;  // null: host_ serves for both
};

/// Model and data of a run.
class Job {
 public:
  /// Collective: ranks share the work of indexing the data. `settings` and `ranks` must outlive this object.
  Job(const TrainSettings& settings, Ranks& ranks);

  nn::LayeredModel& model() { return *model_; }
  const parallel::BatchPlan& plan() const { return plan_; }
  std::shared_ptr<const data::Dataset> train_data() const { return train_data_; }
  std::shared_ptr<const data::Dataset> test_data() const { return test_data_; }  ///< null where none is given
  bool is_language_model() const { return interface_.task == models::Task::kLanguageModelling; }
  const models::ModelInterface& model_interface() const { return interface_; }

  data::LoaderOptions loader_options() const;
  /// Null without test data.
  std::unique_ptr<Evaluator> make_evaluator();

 private:
  const TrainSettings& settings_;
  Ranks& ranks_;
  models::ModelInterface interface_;
  parallel::BatchPlan plan_;
  std::shared_ptr<const data::Dataset> train_data_;
  std::shared_ptr<const data::Dataset> test_data_;
  std::unique_ptr<nn::LayeredModel> model_;
};

}  // namespace echelon::train
