#include "common/own_library.h"

#include <dlfcn.h>

#include <string_view>

namespace echelon {
namespace fs = std::filesystem;

std::vector<fs::path> own_library_paths(const std::string& file) {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&own_library_paths), &self) == 0 || self.dli_fname == nullptr)
    return {file};
  std::error_code error;
  fs::path program = fs::canonical(self.dli_fname, error);
  // The name of a program without a slash is how it was called, not where it lies.
  if (error || std::string_view(self.dli_fname).find('/') == std::string_view::npos)
    program = fs::read_symlink("/proc/self/exe", error);
  const fs::path folder = program.parent_path();
  return {folder / file, folder.parent_path() / file, folder.parent_path() / "lib" / file};
}

}  // namespace echelon
