#include "predict/scorer/require_name.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {

void require_name(const std::string& key, const std::string& name, const std::vector<std::string>& known,
                  std::string_view kind) {
  if (std::ranges::find(known, name) != known.end()) return;
  if (known.empty()) throw ConfigError(str_format("{}: the model takes none", key));
  const std::string nearest = nearest_name(name, known);
  throw ConfigError(
      str_format("{}: the model has no {}\"{}\"; {}", key, kind, name,
                 nearest.empty() ? "it has " + join(known) : str_format("did you mean \"{}\"?", nearest)));
}

}  // namespace echelon::predict
