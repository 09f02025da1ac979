// What all kinds of preparation have in common.
#pragma once

#include <string>
#include <vector>

#include "config/declare.h"
#include "data/loading_settings.h"
#include "storage/settings.h"

namespace echelon::prepare {

struct CommonSettings {
  std::vector<config::InputPath> input;
  std::string output;
  data::OnError on_error = data::OnError::kFail;
  int threads = 1;
  bool overwrite = false;
  storage::StorageSettings storage;
};

}  // namespace echelon::prepare
