#include "storage/arrow_library.h"

#include <dlfcn.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/own_library.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {
namespace fs = std::filesystem;
namespace {

constexpr char kLibrary[] = "libechelon_arrow.so";
constexpr std::string_view kWhatFor = "object stores and tables need";

void check_interface(void* library, const fs::path& path) {
  const auto interface = reinterpret_cast<int (*)()>(dlsym(library, "echelon_arrow_interface"));
  if (interface != nullptr && interface() == kArrowInterface) return;
  throw UnavailableError(
      str_format("{} is of another version of Echelon: build both together", path.string()));
}

}  // namespace

std::vector<fs::path> arrow_library_paths() {
  return own_library_paths(kLibrary);
}

void* open_arrow_library(const std::vector<fs::path>& paths) {
  const auto found = std::find_if(paths.begin(), paths.end(), [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
  });
  if (found == paths.end()) {
    throw UnavailableError(str_format(
        "{} {}, which was not built because Arrow was not found: run launch/bootstrap, or configure with "
        "-DArrow_ROOT=/path/to/pyarrow, and build again",
        kWhatFor, kLibrary));
  }
  void* library = dlopen(found->c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw UnavailableError(str_format("{} {}, which does not load ({}): run launch/bootstrap and build again",
                                      kWhatFor, kLibrary, dlerror()));
  }
  check_interface(library, *found);
  return library;
}

void* arrow_function(const char* name) {
  static void* const library = open_arrow_library(arrow_library_paths());
  void* function = dlsym(library, name);
  if (function == nullptr) throw InternalError(str_format("{} has no symbol {}", kLibrary, name));
  return function;
}

std::unique_ptr<FileSystem> make_remote_file_system(const Location& location,
                                                    const StorageSettings& settings) {
  using Factory = FileSystem* (*)(const Location&, const StorageSettings&);
  const auto make = reinterpret_cast<Factory>(arrow_function("echelon_arrow_file_system"));
  return std::unique_ptr<FileSystem>(make(location, settings));
}

}  // namespace echelon::storage
