// What training and evaluation share: device, model and data, built from the settings of a run.
#pragma once

#include <memory>
#include <string>

#include "comm/world.h"
#include "cuda/device.h"
#include "data/loader.h"
#include "nn/layered_model.h"
#include "parallel/batch_plan.h"
#include "parallel/grid.h"
#include "parallel/pipeline/layout.h"
#include "parallel/pipeline/runtime.h"
#include "train/evaluation.h"
#include "train/inputs.h"
#include "train/settings.h"

namespace echelon::train {

/// The communicators of a run and the device that this rank computes on.
class Ranks {
 public:
  /// Chooses the device, sets the number of compute threads and connects all ranks. Collective. Throws
  /// ConfigError when the device cannot be had or the ranks cannot be divided into pipelines, CommError when
  /// the ranks cannot be connected.
  Ranks(const TrainSettings& settings, const ProcessEnvironment& environment);
  /// Ranks that are connected already and compute on the CPU, as threads of this process say; `host` must
  /// outlive this.
  explicit Ranks(Communicator& host, int64_t pipeline = 1);

  Communicator& host() { return *host_; }  ///< all ranks, in host memory
  parallel::GridGroups& groups() { return *groups_; }
  const parallel::Grid& grid() const { return groups_->grid(); }
  const Launch& launch() const { return launch_; }
  const DeviceChoice& choice() const { return choice_; }
  at::Device device() const;
  int threads() const { return threads_; }

  /// Tells every other rank that this one has failed, and why.
  void abort(const std::string& reason) noexcept;
  /// Collective; at the end of a run in which no rank failed.
  void finalize();

 private:
  void divide(int64_t pipeline);

  Launch launch_;
  DeviceChoice choice_;
  int threads_;
  std::unique_ptr<WatchedCommunicator> world_;  // what host_ is, where it is our own
  Communicator* host_;
  std::unique_ptr<Communicator> device_comm_;  // null: host_ serves for both
  std::unique_ptr<parallel::GridGroups> groups_;
};

/// Model and data of a run, as this rank has them.
class Job {
 public:
  /// Collective: ranks share the work of indexing the data. `stored`: what a checkpoint says of the columns
  /// of tables; it is learned where that says nothing. `ranks` must outlive this object.
  Job(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored = {});

  nn::LayeredModel& model() { return *model_; }  ///< the parts of this rank
  const parallel::BatchPlan& plan() const { return plan_; }
  const parallel::PipelineLayout& layout() const { return layout_; }
  parallel::PipelineRuntime& runtime() { return *runtime_; }
  /// Of the ranks that have not the first stage, the targets alone where that is cheaper.
  std::shared_ptr<const data::Dataset> train_data() const { return train_data_; }
  std::shared_ptr<const data::Dataset> test_data() const { return test_data_; }  ///< null where none is given
  const models::ModelInterface& model_interface() const { return interface_; }
  /// What is known of the columns of tables; null where the data are none.
  const data::Tables* tables() const { return request_.tables.get(); }
  /// Whether this rank needs batches: it has the first or the last stage.
  bool loads_data() const { return runtime_->has_first_stage() || runtime_->has_last_stage(); }

  data::LoaderOptions loader_options() const;
  /// Null without test data.
  std::unique_ptr<Evaluator> make_evaluator();

 private:
  void keep_needed_data();

  Ranks& ranks_;
  data::OpenRequest request_;
  TrainSettings settings_;  // with what the data say of the model
  models::ModelInterface interface_;
  parallel::BatchPlan plan_;
  nn::ModelSpec spec_;
  parallel::PipelineLayout layout_;
  std::shared_ptr<const data::Dataset> train_data_;
  std::shared_ptr<const data::Dataset> test_data_;
  std::unique_ptr<nn::LayeredModel> model_;
  std::unique_ptr<parallel::PipelineRuntime> runtime_;
};

}  // namespace echelon::train
