#include "train/run_directory.h"

#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::train {
namespace {

fs::path first_free(const fs::path& output, const std::string& name) {
  fs::path path = output / name;
  for (int number = 2; fs::exists(path); ++number) path = output / str_format("{}-{}", name, number);
  return path;
}

}  // namespace

fs::path make_run_directory(const fs::path& output, const std::string& name, bool fresh, Communicator& comm) {
  return text_of_root(comm, [&] {
    const fs::path path = fresh ? first_free(output, name) : output / name;
    try {
      fs::create_directories(path);
    } catch (const fs::filesystem_error& error) {
      throw ConfigError(
          str_format("output: cannot make the run folder {}: {}", path.string(), error.code().message()));
    }
    return path.string();
  });
}

}  // namespace echelon::train
