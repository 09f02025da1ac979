#include "work/inputs.h"

#include "comm/text_exchange.h"
#include "work/share_work.h"

namespace echelon::work {

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

std::vector<SeenInput> look_at_inputs(const std::vector<std::string>& paths, storage::Storage& storage,
                                      Communicator& comm, const Look& look, const LookAtUnopened& unopened) {
  const auto render = [](int64_t bytes, const std::string& version, const Json& facts) {
    return Json({{"bytes", bytes}, {"version", version}, {"facts", facts}})
        .dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  const auto look_at = [&](int64_t i) {
    const std::string& path = paths[static_cast<size_t>(i)];
    std::shared_ptr<const storage::RandomAccessFile> file;
    try {
      file = storage.open(path, storage::Access::kInPlace);
    } catch (const DataError& problem) {
      if (!unopened) throw;
      return render(0, "", unopened(problem));
    }
    return render(file->size(), file->version(), look ? look(path, *file) : Json::object());
  };
  std::vector<SeenInput> inputs;
  for (const std::string& seen : share_work(static_cast<int64_t>(paths.size()), look_at, &comm)) {
    const Json json = Json::parse(seen);
    inputs.push_back({{paths[inputs.size()], json.at("bytes"), json.at("version")}, json.at("facts")});
  }
  return inputs;
}

std::vector<InputFile> files_of(const std::vector<SeenInput>& inputs) {
  std::vector<InputFile> files;
  for (const SeenInput& input : inputs) files.push_back(input.file);
  return files;
}

}  // namespace echelon::work
