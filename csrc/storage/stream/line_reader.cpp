#include "storage/stream/line_reader.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::storage {
namespace {

constexpr size_t kFirstBuffer = size_t{256} << 10;

}  // namespace

LineReader::LineReader(std::unique_ptr<ByteStream> stream, int64_t max_bytes)
    : stream_(std::move(stream)), max_bytes_(static_cast<size_t>(max_bytes)), buffer_(kFirstBuffer, '\0') {}

/// More behind what is there; false at the end of the stream.
bool LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, filled_ - begin_);
    filled_ -= begin_;
    begin_ = 0;
  }
  if (filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const size_t got =
      stream_->read({reinterpret_cast<uint8_t*>(buffer_.data()) + filled_, buffer_.size() - filled_});
  filled_ += got;
  return got > 0;
}

std::optional<Line> LineReader::next() {
  size_t searched = 0;  // from begin_
  const void* end = nullptr;
  for (;;) {
    end = std::memchr(buffer_.data() + begin_ + searched, '\n', filled_ - begin_ - searched);
    searched = filled_ - begin_;
    if (end == nullptr && searched > max_bytes_) break;
    if (end != nullptr || !fill()) break;
  }
  const size_t length = end != nullptr
                            ? static_cast<size_t>(static_cast<const char*>(end) - buffer_.data()) - begin_
                            : searched;
  if (length == 0 && end == nullptr) return std::nullopt;
  if (length > max_bytes_) {
    throw DataError(str_format("{}, line {} (offset {}): longer than {}; is it text?", stream_->name(),
                               line_.number + 1, consumed_, human_bytes(static_cast<double>(max_bytes_))));
  }
  const size_t whole = length + (end != nullptr ? 1 : 0);
  line_ = {std::string_view(buffer_).substr(begin_, length), line_.number + 1, consumed_};
  if (end != nullptr && line_.text.ends_with('\r')) line_.text.remove_suffix(1);
  begin_ += whole;
  consumed_ += static_cast<int64_t>(whole);
  return line_;
}

}  // namespace echelon::storage
