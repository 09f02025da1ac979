#include "comm/node/mailbox.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"

namespace echelon {
namespace {

/// Bytes of a message whose entry is given.
size_t message_bytes(const LedgerEntry& entry) {
  size_t bytes = c10::elementSize(static_cast<at::ScalarType>(entry.dtype));
  for (int i = 0; i < entry.dimensions; ++i) bytes *= static_cast<size_t>(entry.sizes[i]);
  return bytes;
}

class NodeSend final : public Transfer {
 public:
  NodeSend(NodeGroup& group, const LedgerEntry& entry, int destination, const std::byte* data, size_t bytes)
      : Transfer(entry, Lane::kPeer), group_(group), destination_(destination), data_(data), bytes_(bytes) {}

  bool step() override {
    bool moved = false;
    if (!announced_) {
      if (space() < sizeof(LedgerEntry)) return false;
      write(reinterpret_cast<const std::byte*>(&entry()), sizeof(LedgerEntry));
      announced_ = moved = true;
    }
    const size_t count = std::min(space(), bytes_ - sent_);
    if (count > 0) {
      write(data_ + sent_, count);
      sent_ += count;
      moved = true;
    }
    if (moved) group_.notify(destination_);
    return moved;
  }
  bool complete() const override { return announced_ && sent_ == bytes_; }
  bool needs_polling() const override { return false; }

 private:
  Mailbox& ring() const { return group_.mailbox(group_.index(), destination_); }
  size_t space() const { return kMailboxBytes - (ring().head.load() - ring().tail.load()); }

  void write(const std::byte* from, size_t bytes) {
    if (bytes == 0) return;  // `from` may be null
    const uint64_t head = ring().head.load();
    const size_t begin = head % kMailboxBytes, first = std::min(bytes, kMailboxBytes - begin);
    std::memcpy(ring().bytes + begin, from, first);
    std::memcpy(ring().bytes, from + first, bytes - first);
    ring().head.store(head + bytes);
  }

  NodeGroup& group_;
  int destination_;
  const std::byte* data_;
  size_t bytes_;
  size_t sent_ = 0;
  bool announced_ = false;
};

class NodeReceive final : public Transfer {
 public:
  NodeReceive(std::shared_ptr<Inbox> inbox, const LedgerEntry& entry, std::byte* data, size_t bytes)
      : Transfer(entry, Lane::kPeerAndTag),
        inbox_(std::move(inbox)),
        request_(std::make_shared<Inbox::Request>()) {
    *request_ = {entry, data, bytes, false};
    inbox_->ask(request_);
  }
  bool step() override { return inbox_->pump(); }
  bool complete() const override { return request_->complete; }
  bool needs_polling() const override { return false; }

 private:
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<Inbox::Request> request_;
};

}  // namespace

void Inbox::ask(std::shared_ptr<Request> request) {
  const std::lock_guard lock(mutex_);
  const auto kept = std::find_if(aside_.begin(), aside_.end(), [&](const Message& message) {
    return message.entry.tag == request->entry.tag;
  });
  if (kept == aside_.end()) {
    requests_.push_back(std::move(request));
    return;
  }
  take_aside(kept, *request);
}

bool Inbox::pump() {
  const std::lock_guard lock(mutex_);
  bool moved = false;
  while (!requests_.empty() || arriving_ != nullptr) {
    if (arriving_ == nullptr && !begin_message()) break;
    moved = true;
    if (!continue_message()) break;
  }
  if (moved) group_.notify(source_);
  return moved;
}

bool Inbox::begin_message() {
  auto message = std::make_unique<Message>();
  const Mailbox& ring = group_.mailbox(source_, group_.index());
  if (ring.head.load() - ring.tail.load() < sizeof(LedgerEntry)) return false;
  read(&message->entry, sizeof(LedgerEntry));
  message->bytes = message_bytes(message->entry);
  match(*message);
  arriving_ = std::move(message);
  return true;
}

void Inbox::match(Message& message) {
  const auto asked = find_request(message.entry.tag);
  if (asked == requests_.end()) {
    message.aside.resize(message.bytes);
    return;
  }
  message.request = *asked;
  requests_.erase(asked);
  check_message(message.entry, message.request->entry);
}

bool Inbox::continue_message() {
  Message& message = *arriving_;
  const Mailbox& ring = group_.mailbox(source_, group_.index());
  const size_t count =
      std::min<size_t>(ring.head.load() - ring.tail.load(), message.bytes - message.received);
  std::byte* to = message.request != nullptr ? message.request->to : message.aside.data();
  read(to + message.received, count);
  message.received += count;
  if (message.received < message.bytes) return false;
  const std::unique_ptr<Message> arrived = std::move(arriving_);
  if (arrived->request != nullptr) {
    arrived->request->complete = true;
    return true;
  }
  aside_.push_back(std::move(*arrived));
  const auto asked = find_request(aside_.back().entry.tag);  // asked for while it was put aside
  if (asked == requests_.end()) return true;
  const std::shared_ptr<Request> request = *asked;
  requests_.erase(asked);
  take_aside(std::prev(aside_.end()), *request);
  return true;
}

Inbox::Requests::iterator Inbox::find_request(int tag) {
  return std::find_if(requests_.begin(), requests_.end(),
                      [&](const auto& request) { return request->entry.tag == tag; });
}

void Inbox::take_aside(std::deque<Message>::iterator message, Request& request) {
  check_message(message->entry, request.entry);
  if (message->bytes > 0) std::memcpy(request.to, message->aside.data(), message->bytes);
  request.complete = true;
  aside_.erase(message);
}

void Inbox::read(void* to, size_t bytes) {
  if (bytes == 0) return;  // `to` may be null
  Mailbox& ring = group_.mailbox(source_, group_.index());
  const uint64_t tail = ring.tail.load();
  const size_t begin = tail % kMailboxBytes, first = std::min(bytes, kMailboxBytes - begin);
  std::memcpy(to, ring.bytes + begin, first);
  std::memcpy(static_cast<std::byte*>(to) + first, ring.bytes, bytes - first);
  ring.tail.store(tail + bytes);
}

std::unique_ptr<Transfer> node_send(NodeGroup& group, const LedgerEntry& entry, int destination,
                                    const std::byte* data, size_t bytes) {
  return std::make_unique<NodeSend>(group, entry, destination, data, bytes);
}

std::unique_ptr<Transfer> node_receive(std::shared_ptr<Inbox> inbox, const LedgerEntry& entry,
                                       std::byte* data, size_t bytes) {
  return std::make_unique<NodeReceive>(std::move(inbox), entry, data, bytes);
}

}  // namespace echelon
