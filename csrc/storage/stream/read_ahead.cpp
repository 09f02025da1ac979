#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/stream/byte_stream.h"

namespace echelon::storage {
namespace {

using Block = std::vector<uint8_t>;

/// Hands out the blocks of a file in order.
class BlockSource {
 public:
  BlockSource(std::shared_ptr<const RandomAccessFile> file, int64_t block_bytes, int64_t begin)
      : file_(std::move(file)),
        block_bytes_(std::max<int64_t>(1, block_bytes)),
        position_(std::min(begin, file_->size())) {
    file_->expect_sequential_reads();
  }
  const std::string& name() const { return file_->name(); }

  /// Empty at the end. `block` lends its memory.
  Block next(Block block) {
    block.resize(static_cast<size_t>(std::min(block_bytes_, file_->size() - position_)));
    if (!block.empty()) file_->read(position_, block);
    position_ += static_cast<int64_t>(block.size());
    return block;
  }

 private:
  std::shared_ptr<const RandomAccessFile> file_;
  int64_t block_bytes_;
  int64_t position_;
};

/// A thread that keeps a bounded number of blocks ready. After an error, or the end, it is done.
class BlockQueue {
 public:
  BlockQueue(BlockSource& source, int depth)
      : source_(source), spare_(static_cast<size_t>(depth)), thread_([this] { run(); }) {}

  ~BlockQueue() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  Block next(Block used) {
    std::unique_lock lock(mutex_);
    spare_.push_back(std::move(used));
    changed_.notify_all();
    changed_.wait(lock, [&] { return !ready_.empty() || done_; });
    if (ready_.empty()) {
      if (error_) std::rethrow_exception(error_);
      return {};
    }
    Block block = std::move(ready_.front());
    ready_.pop_front();
    return block;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!done_) {
      changed_.wait(lock, [&] { return !spare_.empty() || stop_; });
      if (stop_) return;
      Block block = std::move(spare_.back());
      spare_.pop_back();
      lock.unlock();
      std::exception_ptr error;
      try {
        block = source_.next(std::move(block));
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      error_ = error;
      done_ = error || block.empty();
      if (!done_) ready_.push_back(std::move(block));
      changed_.notify_all();
    }
  }

  BlockSource& source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Block> spare_;
  std::deque<Block> ready_;
  std::exception_ptr error_;
  bool done_ = false;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all above
};

class FileStream final : public ByteStream {
 public:
  FileStream(std::shared_ptr<const RandomAccessFile> file, const ReadAhead& ahead, int64_t begin)
      : source_(std::move(file), ahead.block_bytes, begin) {
    if (ahead.blocks > 0) queue_ = std::make_unique<BlockQueue>(source_, ahead.blocks);
  }

  const std::string& name() const override { return source_.name(); }

  size_t read(std::span<uint8_t> bytes) override {
    if (used_ == block_.size()) {
      if (ended_) return 0;
      block_ = queue_ ? queue_->next(std::move(block_)) : source_.next(std::move(block_));
      used_ = 0;
      ended_ = block_.empty();
    }
    const size_t taken = std::min(bytes.size(), block_.size() - used_);
    if (taken > 0) std::memcpy(bytes.data(), block_.data() + used_, taken);
    used_ += taken;
    return taken;
  }

 private:
  BlockSource source_;
  std::unique_ptr<BlockQueue> queue_;
  Block block_;
  size_t used_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> open_stream(std::shared_ptr<const RandomAccessFile> file, const ReadAhead& ahead,
                                        int64_t begin) {
  return std::make_unique<FileStream>(std::move(file), ahead, begin);
}

size_t read_fully(ByteStream& stream, std::span<uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const size_t got = stream.read(bytes.subspan(done));
    if (got == 0) break;
    done += got;
  }
  return done;
}

}  // namespace echelon::storage
