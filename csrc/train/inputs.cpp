#include "train/inputs.h"

#include "train/loss.h"

namespace echelon::train {

std::shared_ptr<const data::Tables> open_tables(const TrainSettings& settings,
                                                const data::OpenRequest& request,
                                                const data::StoredFeatures& stored) {
  const auto* table = std::get_if<data::TableSettings>(&settings.data);
  return table == nullptr ? nullptr : std::make_shared<const data::Tables>(*table, request, stored);
}

TrainSettings with_tables(TrainSettings settings, const data::Tables* tables) {
  if (tables == nullptr) return settings;
  const table::FeatureEncoder& encoder = tables->encoder();
  settings.model = models::with_table(
      std::move(settings.model),
      {.numbers = encoder.numbers(), .categories = encoder.categories(), .classes = encoder.classes()});
  return settings;
}

TrainSettings with_inputs_of_data(const TrainSettings& settings) {
  const data::OpenRequest request{.storage = std::make_shared<storage::Storage>(settings.storage)};
  return with_tables(settings, open_tables(settings, request).get());
}

Scoring scoring_of(const TrainSettings& settings, const data::Tables* tables) {
  const bool language_model = models::interface_of(settings.model).task == models::Task::kLanguageModelling;
  Scoring scoring{.loss = loss_options(settings), .language_model = language_model};
  if (tables == nullptr || tables->encoder().has_classes()) return scoring;
  const table::EncodedTarget& target = *tables->encoder().target();
  scoring.scale = target.number.deviation;
  scoring.shift = target.number.mean;
  scoring.centre = (target.training_mean - target.number.mean) / target.number.deviation;
  return scoring;
}

}  // namespace echelon::train
