#include "comm/node/exchange.h"

#include <algorithm>
#include <cstring>

#include "comm/reduction.h"

namespace echelon {
namespace {

/// One exchange on its way.
class Steps {
 public:
  Steps(NodeGroup& group, const Exchange& request)
      : group_(group), request_(request), slot_(group.own_slot()), base_(slot_.published.load()) {
    element_bytes_ = static_cast<int64_t>(c10::elementSize(request.type));
    const auto filled = std::count_if(request.parts.begin(), request.parts.end(),
                                      [](const Part& part) { return part.elements > 0; });
    const int64_t line = static_cast<int64_t>(kCacheLine) / element_bytes_;
    piece_ = static_cast<int64_t>(kBufferBytes) / element_bytes_ / std::max<int64_t>(filled, 1) / line * line;
    int64_t largest = 0, place = 0;
    for (const Part& part : request.parts) {
      largest = std::max(largest, part.elements);
      places_.push_back(place);
      if (part.elements > 0) place += piece_ * element_bytes_;
    }
    steps_ = (largest + piece_ - 1) / piece_;
  }

  void run() {
    for (int64_t step = 0; step < steps_ + 2; ++step) {
      if (step < steps_) publish(step);
      if (step >= 1 && step - 1 < steps_) reduce(step - 1);
      if (step >= 2) consume(step - 2);
    }
  }

 private:
  int64_t count(int part, int64_t step) const {
    return std::clamp<int64_t>(request_.parts[part].elements - step * piece_, 0, piece_);
  }
  int64_t bytes(int part, int64_t step) const { return count(part, step) * element_bytes_; }
  int64_t offset(int part, int64_t step) const {
    return (request_.parts[part].offset + step * piece_) * element_bytes_;
  }
  /// Where the piece of `part` lies in the buffer of `rank`.
  std::byte* staged(int rank, int part, int64_t step) const {
    return group_.buffer(rank, base_ + step) + places_[part];
  }
  std::byte* own(int64_t step) const { return request_.own + step * piece_ * element_bytes_; }

  void wait_for(std::atomic<uint64_t> Slot::*counter, uint64_t value) {
    for (int i = 0; i < group_.size(); ++i) {
      const std::atomic<uint64_t>& theirs = group_.slot(i).*counter;
      group_.wait_until([&] { return theirs.load() >= value; }, NodeGroup::Expected::kSoon);
    }
  }
  void advance(std::atomic<uint64_t> Slot::*counter, int64_t step) {
    (slot_.*counter).store(base_ + step + 1);
    group_.notify();
  }

  void publish(int64_t step) {
    if (base_ + step >= kBuffers) wait_for(&Slot::consumed, base_ + step + 1 - kBuffers);
    if (request_.input == nullptr) return;
    for (int part = 0; part < group_.size(); ++part) {
      if (part == group_.index() || bytes(part, step) == 0) continue;
      std::memcpy(staged(group_.index(), part, step), request_.input + offset(part, step), bytes(part, step));
    }
    advance(&Slot::published, step);
  }

  void reduce(int64_t step) {
    const int own_part = group_.index();
    const int64_t elements = count(own_part, step);
    if (request_.input != nullptr) {
      wait_for(&Slot::published, base_ + step + 1);
      if (elements > 0) reduce_piece(step, elements);
    } else if (elements > 0) {
      std::memcpy(staged(own_part, own_part, step), own(step), elements * element_bytes_);
    }
    advance(&Slot::reduced, step);
  }

  void reduce_piece(int64_t step, int64_t elements) {
    const int own_part = group_.index();
    std::vector<const std::byte*> sources;
    for (int rank = 0; rank < group_.size(); ++rank) {
      sources.push_back(rank == own_part ? request_.input + offset(own_part, step)
                                         : staged(rank, own_part, step));
    }
    std::byte* const destinations[] = {own(step), staged(own_part, own_part, step)};
    const size_t used = request_.output == nullptr ? 1 : 2;
    reduce_elements(request_.type, request_.op, request_.divisor, sources, {destinations, used}, elements);
  }

  void consume(int64_t step) {
    for (int part = 0; request_.output != nullptr && part < group_.size(); ++part) {
      if (bytes(part, step) == 0) continue;
      std::byte* to = request_.output + offset(part, step);
      if (part == group_.index()) {
        if (to != own(step)) std::memcpy(to, own(step), bytes(part, step));
        continue;
      }
      const std::atomic<uint64_t>& reduced = group_.slot(part).reduced;
      group_.wait_until([&] { return reduced.load() >= base_ + step + 1; }, NodeGroup::Expected::kSoon);
      std::memcpy(to, staged(part, part, step), bytes(part, step));
    }
    if (request_.input == nullptr) slot_.published.store(base_ + step + 1);
    advance(&Slot::consumed, step);
  }

  NodeGroup& group_;
  const Exchange& request_;
  Slot& slot_;
  uint64_t base_;
  int64_t element_bytes_ = 1;
  int64_t piece_ = 1;  ///< elements
  int64_t steps_ = 0;
  std::vector<int64_t> places_;  ///< [part], bytes from the start of a buffer
};

}  // namespace

void exchange(NodeGroup& group, const Exchange& request) {
  if (group.size() > 1) return Steps(group, request).run();
  const auto element_bytes = static_cast<int64_t>(c10::elementSize(request.type));
  const auto [offset, elements] = request.parts[0];
  if (elements == 0) return;
  if (request.input != nullptr) {
    const std::byte* const source = request.input + offset * element_bytes;
    reduce_elements(request.type, request.op, request.divisor, {&source, 1}, {&request.own, 1}, elements);
  }
  if (request.output == nullptr) return;
  std::byte* const to = request.output + offset * element_bytes;
  if (to != request.own) std::memcpy(to, request.own, elements * element_bytes);
}

void meet(NodeGroup& group) {
  Slot& slot = group.own_slot();
  const uint64_t step = slot.published.load() + 1;
  slot.published.store(step);
  slot.reduced.store(step);
  slot.consumed.store(step);
  group.notify();
  for (int i = 0; i < group.size(); ++i) {
    const std::atomic<uint64_t>& theirs = group.slot(i).consumed;
    group.wait_until([&] { return theirs.load() >= step; }, NodeGroup::Expected::kSoon);
  }
}

void reduce_in_place(NodeGroup& group, at::ScalarType type, Reduce op, double divisor,
                     std::span<std::byte* const> tensors, int64_t elements) {
  const auto element_bytes = static_cast<int64_t>(c10::elementSize(type));
  const Part part = equal_parts(elements, group.size(), element_bytes)[group.index()];
  std::vector<std::byte*> pieces;
  for (std::byte* tensor : tensors) pieces.push_back(tensor + part.offset * element_bytes);
  const std::vector<const std::byte*> sources(pieces.begin(), pieces.end());
  if (part.elements > 0) reduce_elements(type, op, divisor, sources, pieces, part.elements);
  meet(group);
}

std::vector<Part> equal_parts(int64_t elements, int parts, size_t element_bytes) {
  const int64_t line = static_cast<int64_t>(kCacheLine / element_bytes);
  const int64_t most = (elements + parts - 1) / parts;
  const int64_t each = (most + line - 1) / line * line;
  std::vector<Part> result;
  for (int i = 0; i < parts; ++i) {
    const int64_t begin = std::min(elements, i * each);
    result.push_back({begin, std::min(elements, begin + each) - begin});
  }
  return result;
}

std::vector<Part> single_part(int64_t elements, int parts, int owner) {
  std::vector<Part> result(parts);
  result[owner].elements = elements;
  return result;
}

}  // namespace echelon
