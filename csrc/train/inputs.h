// What a run's data say of its model: the columns of tables.
#pragma once

#include <memory>

#include "data/open_dataset.h"
#include "data/table/tables.h"
#include "train/metrics.h"
#include "train/settings.h"

namespace echelon::train {

/// Null where the data are no tables. Collective, as data::Tables.
std::shared_ptr<const data::Tables> open_tables(const TrainSettings& settings,
                                                const data::OpenRequest& request,
                                                const data::StoredFeatures& stored = {});

/// The settings with what `tables`, which may be null, says of the model's inputs and outputs.
TrainSettings with_tables(TrainSettings settings, const data::Tables* tables);

/// The same by looking at the data, alone: tables are read once.
TrainSettings with_inputs_of_data(const TrainSettings& settings);

Scoring scoring_of(const TrainSettings& settings, const data::Tables* tables);

}  // namespace echelon::train
