#include "data/settings.h"

#include "config/fields.h"

namespace echelon::data {

void describe(config::Fields<DataSettings>& f) {
  f.about("What is trained on.");
  f.choice<ImageSettings>("images", "JPEG, PNG and WebP images with a class each.");
  f.choice<TextSettings>("text", "Text as tokens.");
  f.choice<TableSettings>("table", "Rows of tables: Parquet, Arrow, CSV, JSON lines.");
}

const LoadingSettings& loading_settings(const DataSettings& settings) {
  return std::visit([](const auto& chosen) -> const LoadingSettings& { return chosen; }, settings);
}

}  // namespace echelon::data
