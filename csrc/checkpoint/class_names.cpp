#include "checkpoint/class_names.h"

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {

std::string render_class_names(const std::vector<std::string>& names) {
  return nlohmann::json(names).dump(1) + "\n";
}

std::vector<std::string> parse_class_names(std::string_view text, const std::string& file) {
  try {
    return nlohmann::json::parse(text).get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError(str_format("{}: no list of the names of classes", file));
  }
}

}  // namespace echelon::checkpoint
