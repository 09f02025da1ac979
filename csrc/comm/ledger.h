// The ledger: what every rank says it is doing, so that a rank that is missing or does something else can be
// named.
//
// Each collective of a communicator has a sequence number (1, 2, …). Before any data moves, its entry is
// published and compared with those of the other ranks (comm/watch.h). Messages (send, receive) are numbered
// apart.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "comm/communicator.h"

namespace echelon {

enum class Operation : uint8_t {
  kNone,
  kAllReduce,
  kReduceScatter,
  kAllGather,
  kBroadcast,
  kBarrier,
  kSplit,
  kAllocate,
  kFinalize,
  kSend,
  kReceive
};

/// One operation. Plain bytes of fixed size: it lies in memory that processes share and travels in messages.
struct LedgerEntry {
  uint64_t sequence = 0;  ///< 0: no operation
  Operation operation = Operation::kNone;
  int8_t dtype = -1;   ///< at::ScalarType, or -1
  int8_t reduce = -1;  ///< Reduce, or -1
  uint8_t dimensions = 0;
  int32_t peer = -1;  ///< root, destination or source, as its rank in the world, or -1
  int32_t tag = 0;
  int32_t reserved = 0;
  std::array<int64_t, 5> sizes{};  ///< further dimensions are multiplied into the last
  std::array<char, 64> label{};    ///< cut to fit, zero-terminated
  std::array<char, 64> note{};     ///< ledger_note() at the time of the call; not compared
};
static_assert(sizeof(LedgerEntry) == 192);

LedgerEntry make_entry(uint64_t sequence, Operation operation, std::string_view label = "");
/// With type and shape of `tensor`; `reduce` and `peer` where the operation has them.
LedgerEntry make_entry(uint64_t sequence, Operation operation, const at::Tensor& tensor,
                       std::string_view label, std::optional<Reduce> reduce = {}, int peer = -1, int tag = 0);

/// A hash of all that ranks must agree on: everything but the note.
uint64_t fingerprint(const LedgerEntry& entry);

/// "operation 57 all_reduce sum float32 [1048576] 'bucket 3' (step 120)".
std::string to_string(const LedgerEntry& entry);

/// What the process is doing, "step 120" say: kept with every later entry and shown in messages. Thread-safe.
void ledger_note(std::string_view note);

/// What is known of one rank of a communicator.
struct RankStatus {
  int rank = 0;           ///< in the world
  std::string host;       ///< empty where all ranks run on one host
  bool reachable = true;  ///< false: it did not answer, and the rest is unknown
  LedgerEntry entered;    ///< the operation it entered last
  LedgerEntry finished;   ///< the operation it finished last
  uint64_t progress = 0;  ///< grows while it takes its part in an operation; 0 where that is not known
};

/// The message when the statuses disagree about the operation `sequence`; nothing when they agree as far as
/// is known.
std::optional<std::string> describe_mismatch(std::span<const RankStatus> ranks, uint64_t sequence);

/// The message when `entry` was not completed within `timeout` seconds: who has not entered it and what they
/// did last; where all have, whose progress is behind that of others.
std::string describe_lateness(std::span<const RankStatus> ranks, const LedgerEntry& entry, double timeout);

/// The same for a message; `entry` is that of the rank that waits, and its peer is named with what it did
/// last.
std::string describe_message_lateness(std::span<const RankStatus> ranks, const LedgerEntry& entry,
                                      double timeout);

/// Throws CommError when what was sent is not what the receiver expects in type or number of elements.
void check_message(const LedgerEntry& sent, const LedgerEntry& expected);

/// "rank 3", "ranks 0-2,4". `numbers` ascend.
std::string name_ranks(std::span<const int> numbers);

}  // namespace echelon
