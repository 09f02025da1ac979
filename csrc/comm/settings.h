// How ranks communicate. How many there are, and where, is the launcher's to say.
#pragma once

#include <string>

#include "config/declare.h"

namespace echelon {

struct CommSettings {
  std::string backend = "auto";
  double timeout = 600;  ///< seconds
};
void describe(config::Fields<CommSettings>& f);

}  // namespace echelon
