// What the stages of a pipeline send each other: lists of tensors whose shapes only the sender knows.
//
// A message is a header, which tells what it is and the types and shapes of its tensors, and then the
// tensors. From each rank messages are taken in the order in which it sent them: a header is always asked
// for, and when it comes room for the tensors is made and they are asked for, whatever this rank is waiting
// for itself. So a sender never waits for long, and no order of messages can make ranks wait for each other
// in a circle.
#pragma once

#include <ATen/core/Tensor.h>

#include <compare>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <vector>

#include "parallel/rank_group.h"

namespace echelon::parallel {

enum class MessageKind : int64_t { kActivations, kGradients };

/// What a message is: inputs of `stage` for a micro-batch, or the gradients of the inputs of `stage`.
struct MessageKey {
  MessageKind kind;
  int stage;
  int64_t micro_batch;
  auto operator<=>(const MessageKey&) const = default;
};

class StageMessages {
 public:
  /// `ranks` of the pipeline; at most `most_tensors` a message, the same number on every rank; they come to
  /// lie on `device`. Host and device communicators are used by nobody else for messages while messages are
  /// on their way.
  StageMessages(RankGroup ranks, int64_t most_tensors, at::Device device);

  /// How many more messages come from each rank. From now on they are taken.
  void expect(const std::vector<int64_t>& from_rank);

  /// Sends without waiting. A tensor may be undefined. That a tensor requires a gradient is sent along, its
  /// history is not.
  void send(int rank, const MessageKey& key, const std::vector<at::Tensor>& tensors);
  /// Whether the message is on its way: receive() waits for nothing but its tensors. Takes announcements.
  bool is_announced(int rank, const MessageKey& key);
  /// Waits for the message that `rank` sends under this key. Throws CommError.
  std::vector<at::Tensor> receive(int rank, const MessageKey& key);
  /// Asks for the tensors of messages that have been announced, as long as fewer than `most_ahead` of a rank
  /// have been asked for ahead of receive(). Does not wait; to be called between computations.
  void poll(size_t most_ahead = std::numeric_limits<size_t>::max());
  /// Waits until all but the newest `most_left` messages that were sent have left.
  void finish(size_t most_left = 0);

  double seconds_waited() const { return seconds_waited_; }
  int64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Incoming {
    std::vector<at::Tensor> tensors;
    std::vector<Work> works;
  };
  struct Peer {
    int64_t expected = 0;  // headers to come, the one that is asked for included
    at::Tensor header;
    Work work;  // of the header; null: none is asked for
    std::map<MessageKey, Incoming> arrived;
  };
  struct Outgoing {
    std::vector<at::Tensor> tensors;
    std::vector<Work> works;
  };

  void ask_for_header(int rank);
  /// The header that was asked for is there.
  void take_header(int rank);
  void drop_finished_sends();

  RankGroup ranks_;
  int64_t most_tensors_;
  at::Device device_;
  std::vector<Peer> peers_;
  std::deque<Outgoing> outgoing_;
  double seconds_waited_ = 0;
  int64_t bytes_sent_ = 0;
};

}  // namespace echelon::parallel
