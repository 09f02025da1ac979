#include "bench/memory_use.h"

#include <fstream>
#include <sstream>
#include <string>

namespace echelon::bench {

MemoryUse memory_use(const std::filesystem::path& root) {
  constexpr int64_t kKibibyte = 1024;
  MemoryUse use;
  std::ifstream status(root / "proc/self/status");
  for (std::string line; std::getline(status, line);) {  // "VmRSS:    123456 kB"
    std::istringstream words(line);
    std::string key;
    int64_t kibibytes = 0;
    if (!(words >> key >> kibibytes)) continue;
    if (key == "VmRSS:") use.resident = kibibytes * kKibibyte;
    if (key == "VmHWM:") use.peak = kibibytes * kKibibyte;
    if (key == "RssAnon:") use.own = kibibytes * kKibibyte;
  }
  return use;
}

}  // namespace echelon::bench
