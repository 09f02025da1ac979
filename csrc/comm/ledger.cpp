#include "comm/ledger.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "comm/reduction.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon {
namespace {

std::mutex note_mutex;
std::array<char, 64> current_note{};

template <size_t N>
void copy_text(std::array<char, N>& to, std::string_view from) {
  to.fill('\0');
  std::copy_n(from.data(), std::min(from.size(), N - 1), to.data());
}

const char* name(Operation operation) {
  switch (operation) {
    case Operation::kNone:
      return "none";
    case Operation::kAllReduce:
      return "all_reduce";
    case Operation::kReduceScatter:
      return "reduce_scatter";
    case Operation::kAllGather:
      return "all_gather";
    case Operation::kBroadcast:
      return "broadcast";
    case Operation::kBarrier:
      return "barrier";
    case Operation::kSplit:
      return "split";
    case Operation::kAllocate:
      return "allocate";
    case Operation::kFinalize:
      return "finalize";
    case Operation::kSend:
      return "send";
    case Operation::kReceive:
      return "receive";
  }
  return "unknown";
}

const char* name(Reduce reduce) {
  switch (reduce) {
    case Reduce::kSum:
      return "sum";
    case Reduce::kMean:
      return "mean";
    case Reduce::kMin:
      return "min";
    case Reduce::kMax:
      return "max";
  }
  return "unknown";
}

bool is_message(Operation operation) {
  return operation == Operation::kSend || operation == Operation::kReceive;
}

std::string peer_text(const LedgerEntry& entry) {
  if (entry.operation == Operation::kSend) return str_format(" to rank {} tag {}", entry.peer, entry.tag);
  if (entry.operation == Operation::kReceive)
    return str_format(" from rank {} tag {}", entry.peer, entry.tag);
  return entry.peer < 0 ? "" : str_format(" from rank {}", entry.peer);
}

/// What the ranks must agree on, without the number: "all_reduce sum float32 [1048576] 'bucket 3'".
std::string call_text(const LedgerEntry& entry) {
  std::string text = name(entry.operation);
  if (entry.reduce >= 0) text += str_format(" {}", name(static_cast<Reduce>(entry.reduce)));
  if (entry.dtype >= 0) {
    text += str_format(" {} [", element_name(static_cast<at::ScalarType>(entry.dtype)));
    for (int i = 0; i < std::min<int>(entry.dimensions, entry.sizes.size()); ++i) {
      text += str_format("{}{}", i == 0 ? "" : ", ", entry.sizes[i]);
    }
    text += "]";
  }
  text += peer_text(entry);
  if (entry.label[0] != '\0') text += str_format(" '{}'", entry.label.data());
  return text;
}

std::string note_text(const LedgerEntry& entry) {
  return entry.note[0] == '\0' ? "" : str_format(" ({})", entry.note.data());
}

std::string call_with_note(const LedgerEntry& entry) {
  return call_text(entry) + note_text(entry);
}

/// "last finished operation 56 barrier", to follow "rank 1", "it" or "they".
std::string what_it_does(const RankStatus& status, bool plural) {
  if (!status.reachable) return plural ? "do not answer" : "does not answer";
  if (status.entered.sequence > status.finished.sequence) {
    return str_format("{} still in {}", plural ? "are" : "is", to_string(status.entered));
  }
  if (status.finished.sequence == 0)
    return str_format("{} finished no operation yet", plural ? "have" : "has");
  return str_format("last finished {}", to_string(status.finished));
}

/// Ranks (by index into `ranks`) that have the same text, in order of the first.
using Groups = std::vector<std::pair<std::string, std::vector<const RankStatus*>>>;

void add_to(Groups& groups, std::string key, const RankStatus& status) {
  for (auto& [text, members] : groups) {
    if (text == key) return members.push_back(&status);
  }
  groups.emplace_back(std::move(key), std::vector{&status});
}

std::string name_members(const std::vector<const RankStatus*>& members) {
  std::vector<int> numbers;
  for (const RankStatus* status : members) numbers.push_back(status->rank);
  std::sort(numbers.begin(), numbers.end());
  std::string text = name_ranks(numbers);
  const std::string& host = members.front()->host;
  const bool one_host = std::all_of(members.begin(), members.end(), [&](auto* s) { return s->host == host; });
  if (one_host && !host.empty()) text += " on " + host;
  return text;
}

/// "; rank 2 is behind the others": ranks that others wait for within an operation.
std::string behind_text(std::span<const RankStatus> ranks) {
  const auto [least, most] = std::ranges::minmax(ranks, {}, &RankStatus::progress);
  if (least.progress == most.progress) return "";
  std::vector<const RankStatus*> behind;
  for (const RankStatus& status : ranks) {
    if (status.progress == least.progress) behind.push_back(&status);
  }
  return str_format("; {} {} behind the others", name_members(behind), behind.size() == 1 ? "is" : "are");
}

}  // namespace

void ledger_note(std::string_view note) {
  const std::lock_guard lock(note_mutex);
  copy_text(current_note, note);
}

LedgerEntry make_entry(uint64_t sequence, Operation operation, std::string_view label) {
  LedgerEntry entry;
  entry.sequence = sequence;
  entry.operation = operation;
  copy_text(entry.label, label);
  const std::lock_guard lock(note_mutex);
  entry.note = current_note;
  return entry;
}

LedgerEntry make_entry(uint64_t sequence, Operation operation, const at::Tensor& tensor,
                       std::string_view label, std::optional<Reduce> reduce, int peer, int tag) {
  LedgerEntry entry = make_entry(sequence, operation, label);
  entry.dtype = static_cast<int8_t>(tensor.scalar_type());
  entry.reduce = reduce ? static_cast<int8_t>(*reduce) : int8_t{-1};
  entry.peer = peer;
  entry.tag = tag;
  entry.dimensions = static_cast<uint8_t>(std::min<int64_t>(tensor.dim(), entry.sizes.size()));
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    const size_t last = entry.sizes.size() - 1;
    if (i <= static_cast<int64_t>(last))
      entry.sizes[i] = tensor.size(i);
    else
      entry.sizes[last] *= tensor.size(i);
  }
  return entry;
}

uint64_t fingerprint(const LedgerEntry& entry) {
  LedgerEntry compared = entry;
  compared.note.fill('\0');
  std::array<char, sizeof(LedgerEntry)> bytes;
  std::memcpy(bytes.data(), &compared, sizeof compared);
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

std::string to_string(const LedgerEntry& entry) {
  return str_format("{} {} {}", is_message(entry.operation) ? "message" : "operation", entry.sequence,
                    call_with_note(entry));
}

std::string name_ranks(std::span<const int> numbers) {
  std::string text = numbers.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    text += str_format("{}{}", i == 0 ? "" : ",", numbers[i]);
    if (end - i > 1) text += str_format("-{}", numbers[end - 1]);
    i = end;
  }
  return text;
}

std::optional<std::string> describe_mismatch(std::span<const RankStatus> ranks, uint64_t sequence) {
  std::map<uint64_t, size_t> group_of;
  std::vector<std::vector<const RankStatus*>> groups;
  for (const RankStatus& status : ranks) {
    if (!status.reachable || status.entered.sequence != sequence) continue;
    const auto [found, added] = group_of.emplace(fingerprint(status.entered), groups.size());
    if (added) groups.emplace_back();
    groups[found->second].push_back(&status);
  }
  if (groups.size() < 2) return std::nullopt;
  std::string text = str_format("ranks disagree at operation {}: ", sequence);
  for (size_t i = 0; i < groups.size(); ++i) {
    text += str_format("{}{} {}", i == 0 ? "" : ", ", name_members(groups[i]),
                       call_with_note(groups[i][0]->entered));
  }
  return text + "; all ranks must call the same operations with the same arguments in the same order";
}

std::string describe_lateness(std::span<const RankStatus> ranks, const LedgerEntry& entry, double timeout) {
  if (auto mismatch = describe_mismatch(ranks, entry.sequence)) return *mismatch;
  Groups groups;
  for (const RankStatus& status : ranks) {
    const bool late = !status.reachable || status.entered.sequence < entry.sequence;
    if (late) add_to(groups, what_it_does(status, false), status);
  }
  if (groups.empty()) {
    return str_format("{} was entered by every rank but did not finish within {:g} s{}", to_string(entry),
                      timeout, behind_text(ranks));
  }
  std::string text;
  for (const auto& [unused, members] : groups) {
    const bool plural = members.size() > 1;
    text += str_format("{}{} {} not entered {} within {:g} s; {} {}", text.empty() ? "" : "; ",
                       name_members(members), plural ? "have" : "has", to_string(entry), timeout,
                       plural ? "they" : "it", what_it_does(*members.front(), plural));
  }
  return text;
}

std::string describe_message_lateness(std::span<const RankStatus> ranks, const LedgerEntry& entry,
                                      double timeout) {
  std::string text = str_format("{} was not {} within {:g} s", to_string(entry),
                                entry.operation == Operation::kSend ? "taken" : "sent", timeout);
  for (const RankStatus& status : ranks) {
    if (status.rank == entry.peer)
      text += str_format("; {} {}", name_members({&status}), what_it_does(status, false));
  }
  return text;
}

void check_message(const LedgerEntry& sent, const LedgerEntry& expected) {
  const auto elements = [](const LedgerEntry& entry) {
    int64_t count = 1;
    for (int i = 0; i < entry.dimensions; ++i) count *= entry.sizes[i];
    return count;
  };
  if (sent.dtype == expected.dtype && elements(sent) == elements(expected)) return;
  throw CommError(str_format("a message is not what its receiver expects: {} is {}, but {} is {}",
                             str_format("that of rank {}", expected.peer), to_string(sent),
                             str_format("that of rank {}", sent.peer), to_string(expected)));
}

}  // namespace echelon
