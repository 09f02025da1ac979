// The data of a run and how its ranks share them, without its model.
#pragma once

#include <memory>
#include <string_view>

#include "data/loader.h"
#include "data/open_dataset.h"
#include "parallel/batch_plan.h"
#include "train/inputs.h"
#include "train/ranks.h"
#include "train/settings.h"

namespace echelon::train {

class JobData {
 public:
  /// Divides the batch and learns the columns of tables; `stored`: what a checkpoint says of them. Opens
  /// nothing else. Collective; `ranks` must outlive this object. Throws ConfigError as plan_batch(),
  /// DataError.
  JobData(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored = {});

  /// With what the data say of the model.
  const TrainSettings& settings() const { return settings_; }
  const models::ModelInterface& model_interface() const { return interface_; }
  const parallel::BatchPlan& plan() const { return plan_; }
  /// What is known of the columns of tables; null where the data are none.
  const data::Tables* tables() const { return request_.tables.get(); }

  /// Null where the settings name none. Collective: ranks share the work of indexing. Throws DataError.
  std::shared_ptr<const data::Dataset> open(data::Split split) const;
  /// Of this rank, for training.
  data::LoaderOptions loader_options() const;

 private:
  Ranks& ranks_;
  data::OpenRequest request_;
  TrainSettings settings_;
  models::ModelInterface interface_;
  parallel::BatchPlan plan_;
};

/// Tells how many samples or shards of a split were damaged when they were opened, if any.
void report_left_out(const data::Dataset& data, std::string_view split);

}  // namespace echelon::train
