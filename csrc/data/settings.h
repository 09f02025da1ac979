// What a job reads, and how.
#pragma once

#include <variant>

#include "data/image/settings.h"
#include "data/table/settings.h"
#include "data/text/settings.h"

namespace echelon::data {

using DataSettings = std::variant<ImageSettings, TextSettings, TableSettings>;
void describe(config::Fields<DataSettings>& f);

const LoadingSettings& loading_settings(const DataSettings& settings);

}  // namespace echelon::data
