// What the ranks of a node write into the memory they share, and where it lies there.
//
//   header | a slot for each rank | staging buffers, kBuffers for each rank | mailboxes,
//   [source][destination]
//
// Everything that another rank reads while it changes is atomic. Fresh memory is zero, which is a valid
// state.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "comm/ledger.h"

namespace echelon {

constexpr size_t kCacheLine = 64;
constexpr int kBuffers = 4;  ///< staging buffers a rank, used in turn
constexpr size_t kBufferBytes = size_t{1}
                                << 18;  ///< 256 KiB: what two ranks pass on stays in the second-level cache
/// 4 MiB, of which only what is used becomes real: a sender that finds room need not wait until the receiver,
/// whose cores may all be busy, has taken the first part.
constexpr size_t kMailboxBytes = size_t{1} << 22;

/// A ledger entry that may be read while it is written: then the copy is a mixture, to be told by its
/// sequence number.
class SharedEntry {
 public:
  void store(const LedgerEntry& entry) {
    uint64_t words[kWords];
    std::memcpy(words, &entry, sizeof entry);
    for (size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_relaxed);
  }
  LedgerEntry load() const {
    uint64_t words[kWords];
    for (size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_relaxed);
    LedgerEntry entry;
    std::memcpy(&entry, words, sizeof entry);
    return entry;
  }

 private:
  static constexpr size_t kWords = sizeof(LedgerEntry) / sizeof(uint64_t);
  std::atomic<uint64_t> words_[kWords];
};

/// Written by its own rank, but for `bell` and `sleepers`.
struct alignas(kCacheLine) Slot {
  std::atomic<uint64_t> entered;         ///< sequence number of the last operation entered
  std::atomic<uint64_t> fingerprint[2];  ///< of the operations entered last, by parity of the sequence number
  std::atomic<uint64_t> place[2];  ///< likewise: where its data lies in shared memory (SharedMemory::Place)
  std::atomic<uint32_t> farewell;  ///< the process has told its user of the failure

  /// Steps of exchange() since the start (comm/node/exchange.h).
  alignas(kCacheLine) std::atomic<uint64_t> published;
  std::atomic<uint64_t> reduced;
  std::atomic<uint64_t> consumed;

  alignas(kCacheLine) std::atomic<uint32_t> bell;  ///< futex on which the threads of this rank sleep
  std::atomic<uint32_t> sleepers;

  alignas(kCacheLine) SharedEntry entries[2];  ///< by parity of the sequence number
  SharedEntry finished;
};

struct alignas(kCacheLine) NodeHeader {
  std::atomic<uint32_t> failure_state;  ///< 0 none, 1 being written, 2 `failure` holds the reason
  char failure[4096];
};

/// A ring of bytes from one rank to another. `head` and `tail` count bytes since the start.
struct alignas(kCacheLine) Mailbox {
  std::atomic<uint64_t> head;                      ///< written by the source
  alignas(kCacheLine) std::atomic<uint64_t> tail;  ///< written by the destination
  alignas(kCacheLine) std::byte bytes[kMailboxBytes];
};

}  // namespace echelon
