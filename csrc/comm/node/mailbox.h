// Messages between two ranks of a node: a ring of bytes for each pair, and the matching of messages by tag.
//
// On the ring a message is its LedgerEntry (of the sender) and then its bytes. A message whose tag nobody has
// asked for is put aside only when a later one is waited for; else it stays in the ring, and the sender
// waits.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "comm/messenger.h"
#include "comm/node/node_group.h"

namespace echelon {

/// The receiving end of one ring. The owner asks while the messenger's thread takes what comes.
class Inbox {
 public:
  struct Request {
    LedgerEntry entry;  ///< of the receiver
    std::byte* to = nullptr;
    size_t bytes = 0;
    bool complete = false;
  };

  Inbox(NodeGroup& group, int source) : group_(group), source_(source) {}
  void ask(std::shared_ptr<Request> request);
  /// Takes what has come. True when something moved. Throws CommError when a message is not what was asked
  /// for.
  bool pump();

 private:
  struct Message {
    LedgerEntry entry;
    size_t bytes = 0;
    size_t received = 0;
    std::shared_ptr<Request> request;  ///< whose memory it goes to; null: `aside`
    std::vector<std::byte> aside;
  };
  using Requests = std::list<std::shared_ptr<Request>>;
  bool begin_message();
  bool continue_message();
  void match(Message& message);
  Requests::iterator find_request(int tag);
  void take_aside(std::deque<Message>::iterator message, Request& request);
  void read(void* to, size_t bytes);

  NodeGroup& group_;
  int source_;
  std::mutex mutex_;  // of what follows
  Requests requests_;
  std::deque<Message> aside_;
  std::unique_ptr<Message> arriving_;
};

std::unique_ptr<Transfer> node_send(NodeGroup& group, const LedgerEntry& entry, int destination,
                                    const std::byte* data, size_t bytes);
std::unique_ptr<Transfer> node_receive(std::shared_ptr<Inbox> inbox, const LedgerEntry& entry,
                                       std::byte* data, size_t bytes);

}  // namespace echelon
