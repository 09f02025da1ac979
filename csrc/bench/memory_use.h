// The memory that this process has.
#pragma once

#include <cstdint>
#include <filesystem>

namespace echelon::bench {

/// In bytes. Pages of files that are mapped, libraries among them, count as resident, but not as own: the
/// system takes them back when it needs them.
struct MemoryUse {
  int64_t resident = 0;
  int64_t peak = 0;  ///< the most that was ever resident
  int64_t own = 0;
};

/// As Linux tells in /proc/self/status; zeros where it does not. `root`: of the file system, for tests.
MemoryUse memory_use(const std::filesystem::path& root = "/");

}  // namespace echelon::bench
