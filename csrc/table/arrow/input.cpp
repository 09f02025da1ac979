#include "table/arrow/input.h"

#include <arrow/buffer.h>
#include <arrow/util/future.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>

#include "table/arrow/status.h"

namespace echelon::table {
namespace {

class Input final : public arrow::io::RandomAccessFile {
 public:
  Input(std::shared_ptr<const storage::RandomAccessFile> file, ReadAhead ahead)
      : file_(std::move(file)), ahead_(ahead) {}

  arrow::Result<int64_t> GetSize() override { return file_->size(); }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    if (position < 0 || bytes < 0 || position > file_->size())
      return arrow::Status::IOError("a read at offset ", position, " of a file of ", file_->size(), " bytes");
    bytes = std::min(bytes, file_->size() - position);
    try {
      file_->read(position, {static_cast<uint8_t*>(out), static_cast<size_t>(bytes)});
    } catch (const storage::UnavailableError& error) {
      if (ahead_ == ReadAhead::kAtOnce) unavailable_ = error.what();
      return table::unavailable(error);
    } catch (const std::exception& error) {
      return arrow::Status::IOError(error.what());
    }
    return bytes;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    // A damaged file may ask for more than there is, which must not be allocated.
    bytes = std::clamp<int64_t>(bytes, 0, std::max<int64_t>(0, file_->size() - position));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> buffer,
                          arrow::AllocateResizableBuffer(bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return buffer;
  }

  arrow::Future<std::shared_ptr<arrow::Buffer>> ReadAsync(const arrow::io::IOContext& context,
                                                          int64_t position, int64_t bytes) override {
    if (ahead_ == ReadAhead::kInThreads) return RandomAccessFile::ReadAsync(context, position, bytes);
    return arrow::Future<std::shared_ptr<arrow::Buffer>>::MakeFinished(ReadAt(position, bytes));
  }

  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, bytes, out));
    position_ += got;
    return got;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }

  const std::optional<std::string>& unavailable() const { return unavailable_; }

 private:
  std::shared_ptr<const storage::RandomAccessFile> file_;
  ReadAhead ahead_;
  int64_t position_ = 0;
  bool closed_ = false;
  std::optional<std::string> unavailable_;  ///< why a read ended
};

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> arrow_input(
    std::shared_ptr<const storage::RandomAccessFile> file, ReadAhead ahead) {
  return std::make_shared<Input>(std::move(file), ahead);
}

void rethrow_unavailable(const arrow::io::RandomAccessFile& input) {
  const auto& reason = static_cast<const Input&>(input).unavailable();
  if (reason) throw storage::UnavailableError(*reason);
}

}  // namespace echelon::table
