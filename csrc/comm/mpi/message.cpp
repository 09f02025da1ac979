#include "comm/mpi/message.h"

#include <algorithm>
#include <vector>

#include "comm/mpi/call.h"

namespace echelon::mpi {
namespace {

constexpr int64_t kPieceBytes = int64_t{1} << 30;  // an MPI count is an int

class MpiTransfer : public Transfer {
 public:
  MpiTransfer(MPI_Comm comm, const LedgerEntry& entry, int peer)
      : Transfer(entry, Lane::kPeerAndTag), comm_(comm), peer_(peer) {}
  bool complete() const override { return complete_; }
  bool needs_polling() const override { return true; }

 protected:
  void send(const void* data, int64_t bytes) {
    for_segments(bytes, kPieceBytes, [&](int64_t offset, int count) {
      check(MPI_Isend(static_cast<const std::byte*>(data) + offset, count, MPI_BYTE, peer_, entry().tag,
                      comm_, &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Isend");
    });
  }
  void receive(void* data, int64_t bytes) {
    for_segments(bytes, kPieceBytes, [&](int64_t offset, int count) {
      check(MPI_Irecv(static_cast<std::byte*>(data) + offset, count, MPI_BYTE, peer_, entry().tag, comm_,
                      &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Irecv");
    });
  }
  bool requests_done() {
    int done = 0;
    check(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE),
          "MPI_Testall");
    if (done != 0) requests_.clear();
    return done != 0;
  }

  bool complete_ = false;

 private:
  MPI_Comm comm_;
  int peer_;
  std::vector<MPI_Request> requests_;
};

class MpiSend final : public MpiTransfer {
 public:
  MpiSend(MPI_Comm comm, const LedgerEntry& entry, int peer, const std::byte* data, int64_t bytes)
      : MpiTransfer(comm, entry, peer), data_(data), bytes_(bytes), header_(entry) {}

  bool step() override {
    if (!begun_) {
      begun_ = true;
      send(&header_, sizeof header_);
      send(data_, bytes_);
      return true;
    }
    return complete_ = requests_done();
  }

 private:
  const std::byte* data_;
  int64_t bytes_;
  LedgerEntry header_;
  bool begun_ = false;
};

class MpiReceive final : public MpiTransfer {
 public:
  MpiReceive(MPI_Comm comm, const LedgerEntry& entry, int peer, std::byte* data, int64_t bytes)
      : MpiTransfer(comm, entry, peer), data_(data), bytes_(bytes) {}

  // The bytes are asked for after the header has been looked at: a message of another size must not overrun
  // `data`.
  bool step() override {
    if (stage_ == Stage::kNew) {
      receive(&header_, sizeof header_);
      stage_ = Stage::kHeader;
      return true;
    }
    if (!requests_done()) return false;
    if (stage_ == Stage::kHeader) {
      check_message(header_, entry());
      receive(data_, bytes_);
      stage_ = Stage::kBytes;
      return true;
    }
    return complete_ = true;
  }

 private:
  enum class Stage { kNew, kHeader, kBytes };
  std::byte* data_;
  int64_t bytes_;
  LedgerEntry header_;
  Stage stage_ = Stage::kNew;
};

}  // namespace

std::unique_ptr<Transfer> mpi_send(MPI_Comm comm, const LedgerEntry& entry, int destination,
                                   const std::byte* data, int64_t bytes) {
  return std::make_unique<MpiSend>(comm, entry, destination, data, bytes);
}

std::unique_ptr<Transfer> mpi_receive(MPI_Comm comm, const LedgerEntry& entry, int source, std::byte* data,
                                      int64_t bytes) {
  return std::make_unique<MpiReceive>(comm, entry, source, data, bytes);
}

}  // namespace echelon::mpi
