#include "comm/node/node_transport.h"

#include <algorithm>
#include <type_traits>

namespace echelon {

NodeTransport::NodeTransport(std::unique_ptr<NodeGroup> group) : group_(std::move(group)) {}
NodeTransport::~NodeTransport() = default;

void NodeTransport::begin(const LedgerEntry& entry, const std::byte* data) {
  group_->throw_if_failed();
  sequence_ = entry.sequence;
  group_->own_slot().place[sequence_ % 2].store(data == nullptr ? 0 : memory_.place(data));
  group_->enter(entry);
  group_->agree();
}

std::vector<std::byte*> NodeTransport::shared_views() const {
  std::vector<std::byte*> views;
  for (int i = 0; i < group_->size(); ++i) {
    const SharedMemory::Place place = group_->slot(i).place[sequence_ % 2].load();
    if (place == 0) return {};
    views.push_back(memory_.view(place, i));
  }
  return views;
}

void NodeTransport::all_reduce(Reduction reduction, std::byte* data, int64_t elements) {
  const int size = group_->size();
  const std::vector<std::byte*> views = shared_views();
  if (!views.empty()) return reduce_in_place(*group_, reduction.type, reduction.op, size, views, elements);
  Exchange request{.type = reduction.type, .op = reduction.op, .divisor = static_cast<double>(size)};
  request.parts = equal_parts(elements, size, c10::elementSize(reduction.type));
  request.input = request.output = data;
  request.own = data + request.parts[rank()].offset * static_cast<int64_t>(c10::elementSize(reduction.type));
  exchange(*group_, request);
}

void NodeTransport::reduce_scatter(Reduction reduction, std::byte* output, const std::byte* input,
                                   int64_t elements) {
  const int size = group_->size();
  Exchange request{.type = reduction.type, .op = reduction.op, .divisor = static_cast<double>(size)};
  for (int i = 0; i < size; ++i) request.parts.push_back({i * elements, elements});
  request.input = input;
  request.own = output;
  exchange(*group_, request);
}

void NodeTransport::all_gather(std::byte* output, std::byte* input, int64_t bytes) {
  Exchange request;
  for (int i = 0; i < group_->size(); ++i) request.parts.push_back({i * bytes, bytes});
  request.own = input;
  request.output = output;
  exchange(*group_, request);
}

void NodeTransport::broadcast(std::byte* data, int64_t bytes, int root) {
  Exchange request;
  request.parts = single_part(bytes, group_->size(), root);
  request.own = request.output = data;
  exchange(*group_, request);
}

void NodeTransport::barrier() {
  meet(*group_);
}

template <class T>
std::vector<T> NodeTransport::gather(T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> values(group_->size());
  all_gather(reinterpret_cast<std::byte*>(values.data()), reinterpret_cast<std::byte*>(&value), sizeof(T));
  return values;
}

// Every rank makes or opens the region of its own leader.
std::shared_ptr<Region> NodeTransport::share_region(size_t bytes, int leader) {
  std::shared_ptr<Region> region;
  if (leader == rank()) region = make_region(group_->sharing(), bytes);
  const std::vector<RegionToken> tokens = gather(region ? region->token() : RegionToken{});
  if (!region) region = open_region(group_->sharing(), tokens[leader]);
  meet(*group_);  // the leader's token holds until all have opened it
  return region;
}

std::unique_ptr<Transport> NodeTransport::split(int color, int key) {
  struct Choice {
    int color, key, rank;
  };
  std::vector<Choice> members = gather(Choice{color, key, rank()});
  std::erase_if(members, [&](const Choice& other) { return other.color != color; });
  std::stable_sort(members.begin(), members.end(),
                   [](const Choice& a, const Choice& b) { return a.key < b.key; });
  std::vector<int> ranks;
  for (const Choice& member : members) ranks.push_back(world_ranks()[member.rank]);
  const int size = static_cast<int>(members.size());
  const auto own =
      std::find_if(members.begin(), members.end(), [&](const Choice& m) { return m.rank == rank(); });
  std::shared_ptr<Region> region = share_region(NodeGroup::region_bytes(size), members.front().rank);
  return std::make_unique<NodeTransport>(std::make_unique<NodeGroup>(group_->sharing(), std::move(region),
                                                                     static_cast<int>(own - members.begin()),
                                                                     ranks, group_->timeout()));
}

std::pair<std::byte*, std::shared_ptr<void>> NodeTransport::allocate(int64_t bytes) {
  constexpr size_t kPage = 4096;
  const size_t stride = (std::max<size_t>(static_cast<size_t>(bytes), 1) + kPage - 1) / kPage * kPage;
  return memory_.add(share_region(stride * group_->size(), 0), rank(), stride);
}

std::unique_ptr<Transfer> NodeTransport::send(const LedgerEntry& entry, int destination,
                                              const std::byte* data, int64_t bytes) {
  return node_send(*group_, entry, destination, data, static_cast<size_t>(bytes));
}

std::unique_ptr<Transfer> NodeTransport::receive(const LedgerEntry& entry, int source, std::byte* data,
                                                 int64_t bytes) {
  std::shared_ptr<Inbox>& inbox = inboxes_[source];
  if (!inbox) inbox = std::make_shared<Inbox>(*group_, source);
  return node_receive(inbox, entry, data, static_cast<size_t>(bytes));
}

}  // namespace echelon
