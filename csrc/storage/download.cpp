#include "storage/download.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "common/format.h"
#include "storage/md5.h"
#include "storage/retry.h"

namespace echelon::storage {
namespace {

constexpr int64_t kRange = int64_t{8} << 20;
constexpr int kThreads = 4;  // one connection of an object store gives a tenth of a node's network

/// Copies ranges until none is left, or one has failed.
class Ranges {
 public:
  Ranges(const RandomAccessFile& distant, CacheWriter& writer) : distant_(distant), writer_(writer) {}

  void run() {
    const int64_t count = (distant_.size() + kRange - 1) / kRange;
    std::vector<std::thread> threads;
    for (int i = 1; i < std::min<int64_t>(kThreads, count); ++i) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void work() {
    try {
      std::vector<uint8_t> bytes;
      for (int64_t start = next(); start < distant_.size(); start = next()) {
        bytes.resize(static_cast<size_t>(std::min(kRange, distant_.size() - start)));
        distant_.read(start, bytes);
        writer_.write_at(start, bytes);
      }
    } catch (...) {
      next_ = distant_.size();
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }

  int64_t next() { return next_.fetch_add(kRange); }

  const RandomAccessFile& distant_;
  CacheWriter& writer_;
  std::atomic<int64_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr error_;
};

std::string md5_of(const CacheWriter& writer, int64_t size) {
  Md5 md5;
  std::vector<uint8_t> bytes;
  for (int64_t start = 0; start < size; start += kRange) {
    bytes.resize(static_cast<size_t>(std::min(kRange, size - start)));
    writer.read(start, bytes);
    md5.update(bytes);
  }
  return md5.hex();
}

}  // namespace

void download(const RandomAccessFile& distant, CacheWriter& writer) {
  Ranges(distant, writer).run();
}

void ContentCheck::verify(const RandomAccessFile& distant, const CacheWriter& writer) {
  const std::string expected = distant.md5();
  {
    const std::lock_guard lock(mutex_);
    if (expected.empty() || !tags_are_md5_) return;
  }
  const std::string got = md5_of(writer, distant.size());
  if (got == expected) return;
  const std::lock_guard lock(mutex_);
  const auto [place, is_new] = seen_.try_emplace(distant.name(), got);
  if (!is_new && place->second == got) {
    tags_are_md5_ = false;
    return;
  }
  place->second = got;
  throw TransientError(str_format("what came has the MD5 {}, the object {}", got, expected));
}

}  // namespace echelon::storage
