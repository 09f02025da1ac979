#include "storage/file_pool.h"

#include <sys/resource.h>

#include <algorithm>

#include "storage/local_file.h"

namespace echelon::storage {

FilePool::FilePool(std::vector<std::string> names, size_t limit)
    : FilePool(
          std::move(names), [](const std::string& name) { return std::make_shared<const InputFile>(name); },
          limit) {}

FilePool::FilePool(std::vector<std::string> names, Opener opener, size_t limit)
    : names_(std::move(names)),
      opener_(std::move(opener)),
      limit_(std::max<size_t>(1, limit)),
      slots_(names_.size()) {}

size_t FilePool::default_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 128;
  return std::clamp<size_t>(limit.rlim_cur / 2, 16, 4096);
}

std::shared_ptr<const RandomAccessFile> FilePool::find(size_t number) const {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[number];
  if (slot.file) recent_.splice(recent_.begin(), recent_, slot.place);
  return slot.file;
}

void FilePool::keep(size_t number, const std::shared_ptr<const RandomAccessFile>& file) const {
  std::shared_ptr<const RandomAccessFile> closed;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  if (recent_.size() >= limit_) {
    closed = std::move(slots_[recent_.back()].file);
    recent_.pop_back();
  }
  recent_.push_front(number);
  slots_[number].file = file;
  slots_[number].place = recent_.begin();
}

std::shared_ptr<const RandomAccessFile> FilePool::open(size_t number) const {
  if (auto file = find(number)) return file;
  const std::lock_guard opening(slots_[number].opening);
  if (auto file = find(number)) return file;
  auto file = opener_(names_[number]);
  keep(number, file);
  return file;
}

}  // namespace echelon::storage
