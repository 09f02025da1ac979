// Memory that the ranks of one node share.
//
// One rank makes it and publishes its token; the others open the token while the maker still holds the
// region. Between processes it is a memfd opened through /proc, so nothing is left behind however a process
// ends, and the size of /dev/shm, 64 MB in a default container, does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace echelon {

/// Names a region to another rank of the node. Plain bytes.
struct RegionToken {
  int64_t process = 0;
  int64_t handle = 0;
  uint64_t bytes = 0;
  uint64_t inode = 0;  ///< of the memfd: another container may count processes from 1 again
};

/// Zero-filled at first; pages are taken when touched. Unmapped on destruction, in this rank only.
class Region {
 public:
  virtual ~Region() = default;
  virtual RegionToken token() const = 0;
  std::byte* data() const { return data_; }
  size_t size() const { return size_; }

 protected:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Whether the ranks of a node are threads of one process or processes.
enum class Sharing { kThreads, kProcesses };

/// Throws CommError with the system's reason.
std::shared_ptr<Region> make_region(Sharing sharing, size_t bytes);
std::shared_ptr<Region> open_region(Sharing sharing, const RegionToken& token);

}  // namespace echelon
