#include "prepare/expand_input.h"

#include "comm/text_exchange.h"
#include "prepare/json_parts.h"

namespace echelon::prepare {

std::vector<std::string> expand_input(const std::vector<config::InputPath>& patterns,
                                      storage::Storage& storage, Communicator& comm) {
  const std::string names = text_of_root(comm, [&] {
    std::vector<std::string> texts;
    for (const config::InputPath& pattern : patterns) texts.push_back(pattern.path);
    return Json(storage.expand(texts)).dump();
  });
  return Json::parse(names).get<std::vector<std::string>>();
}

}  // namespace echelon::prepare
