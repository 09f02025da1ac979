#include "prepare/expand_input.h"

#include "comm/text_exchange.h"
#include "common/error.h"
#include "prepare/json_parts.h"

namespace echelon::prepare {

std::vector<std::string> expand_input(const std::vector<config::InputPath>& patterns,
                                      storage::Storage& storage, Communicator& comm) {
  const std::string names = text_of_root(comm, [&] {
    std::vector<std::string> texts;
    for (const config::InputPath& pattern : patterns) texts.push_back(pattern.path);
    try {
      return Json(storage.expand(texts)).dump();
    } catch (const nlohmann::json::exception&) {
      throw DataError("input: the name of a file is no UTF-8, which the manifest must hold; rename it");
    }
  });
  return Json::parse(names).get<std::vector<std::string>>();
}

}  // namespace echelon::prepare
