// What training and evaluation share: device, model and data, built from the settings of a run.
#pragma once

#include <memory>
#include <string>

#include "nn/layered_model.h"
#include "parallel/pipeline/layout.h"
#include "parallel/pipeline/runtime.h"
#include "train/evaluation.h"
#include "train/job_data.h"

namespace echelon::train {

/// Model and data of a run, as this rank has them.
class Job {
 public:
  /// Collective: ranks share the work of indexing the data. `stored`: what a checkpoint says of the columns
  /// of tables; it is learned where that says nothing. `ranks` must outlive this object.
  Job(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored = {});

  nn::LayeredModel& model() { return *model_; }  ///< the parts of this rank
  const parallel::BatchPlan& plan() const { return data_.plan(); }
  const parallel::PipelineLayout& layout() const { return layout_; }
  parallel::PipelineRuntime& runtime() { return *runtime_; }
  /// Of the ranks that have not the first stage, the targets alone where that is cheaper.
  std::shared_ptr<const data::Dataset> train_data() const { return train_data_; }
  std::shared_ptr<const data::Dataset> test_data() const { return test_data_; }  ///< null where none is given
  const models::ModelInterface& model_interface() const { return data_.model_interface(); }
  /// What is known of the columns of tables; null where the data are none.
  const data::Tables* tables() const { return data_.tables(); }
  /// Whether this rank needs batches: it has the first or the last stage.
  bool loads_data() const { return runtime_->has_first_stage() || runtime_->has_last_stage(); }

  data::LoaderOptions loader_options() const { return data_.loader_options(); }
  Scoring scoring() const { return scoring_of(data_.settings(), tables()); }
  /// Null without test data. `same_batches`: the same samples come together whatever the ranks are, which
  /// then differ by a whole batch in what they do (LoaderOptions::whole_batches).
  std::unique_ptr<Evaluator> make_evaluator(bool same_batches = false);

 private:
  void keep_needed_data();

  Ranks& ranks_;
  JobData data_;
  nn::ModelSpec spec_;
  parallel::PipelineLayout layout_;
  std::shared_ptr<const data::Dataset> train_data_;
  std::shared_ptr<const data::Dataset> test_data_;
  std::unique_ptr<nn::LayeredModel> model_;
  std::unique_ptr<parallel::PipelineRuntime> runtime_;
};

}  // namespace echelon::train
