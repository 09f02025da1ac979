#include "comm/mpi/multi_node_transport.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "comm/mpi/bootstrap.h"
#include "comm/mpi/call.h"
#include "comm/mpi/message.h"
#include "common/error.h"

namespace echelon::mpi {
namespace {

/// What one MPI call moves at most: large enough for full bandwidth, far below the 2^31 elements of an int
/// count.
constexpr int64_t kSegmentBytes = int64_t{64} << 20;

std::vector<int> names_of(const std::vector<Place>& places) {
  std::vector<int> names;
  for (const Place& place : places) names.push_back(place.world_rank);
  return names;
}

std::unique_ptr<NodeGroup> group_of(const Nodes& nodes, double timeout) {
  std::vector<int> names;
  for (const int rank : nodes.members[nodes.node]) names.push_back(nodes.places[rank].world_rank);
  return std::make_unique<NodeGroup>(Sharing::kProcesses, nodes.region, nodes.index, names, timeout);
}

// A mean is taken within the nodes, by the number of all ranks, and summed between them: so float16 does not
// overflow.
Reduction without_mean(Reduction reduction) {
  if (reduction.op == Reduce::kMean) reduction.op = Reduce::kSum;
  return reduction;
}

int64_t bytes_of(at::ScalarType type) {
  return static_cast<int64_t>(c10::elementSize(type));
}

}  // namespace

MultiNodeTransport::MultiNodeTransport(MPI_Comm comm, Nodes nodes, double timeout)
    : comm_(comm),
      world_ranks_(names_of(nodes.places)),
      nodes_(std::move(nodes)),
      even_(nodes_.even()),
      node_(group_of(nodes_, timeout)),
      watch_((check(MPI_Comm_dup(comm, &control_), "MPI_Comm_dup"), control_), nodes_, node_.node()) {
  check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check(MPI_Comm_dup(comm_, &messages_), "MPI_Comm_dup");
  const int color = even_ ? nodes_.index : leads() ? 0 : MPI_UNDEFINED;
  check(MPI_Comm_split(comm_, color, nodes_.node, &across_), "MPI_Comm_split");
  node_.node().become_part_of(&watch_, idle_poll());
}

MultiNodeTransport::~MultiNodeTransport() = default;

std::function<void()> MultiNodeTransport::idle_poll() {
  return [this] {
    try {
      watch_.poll();
    } catch (const CommError& error) {
      node().fail(error.what());
    }
  };
}

void MultiNodeTransport::begin(const LedgerEntry& entry, const std::byte* data) {
  node_.begin(entry, data);
  if (across_ == MPI_COMM_NULL) return;
  const uint64_t print = fingerprint(entry);
  std::array<uint64_t, 2> largest = {print, ~print};
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Iallreduce(MPI_IN_PLACE, largest.data(), 2, MPI_UINT64_T, MPI_MAX, across_, &request),
        "MPI_Iallreduce");
  await(request, node());
  if (largest[0] == ~largest[1]) return;
  constexpr double kAnswerSeconds = 5;
  const auto mismatch = describe_mismatch(watch_.collect(kAnswerSeconds), entry.sequence);
  watch_.fail(mismatch.value_or("the nodes disagree at " + to_string(entry)));
  node().throw_if_failed();
}

void MultiNodeTransport::reduce_across(Reduction reduction, std::byte* data, int64_t elements) {
  const int64_t element_bytes = bytes_of(reduction.type);
  for_segments(elements, kSegmentBytes / element_bytes, [&](int64_t offset, int count) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallreduce(MPI_IN_PLACE, data + offset * element_bytes, count, datatype(reduction.type),
                         reduce_op(reduction.type, reduction.op), across_, &request),
          "MPI_Iallreduce");
    await(request, node());
  });
}

void MultiNodeTransport::broadcast_across(std::byte* data, int64_t bytes, int root_node) {
  for_segments(bytes, kSegmentBytes, [&](int64_t offset, int count) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ibcast(data + offset, count, MPI_BYTE, root_node, across_, &request), "MPI_Ibcast");
    await(request, node());
  });
}

void MultiNodeTransport::share_from_leader(std::byte* data, int64_t bytes) {
  constexpr int kLeader = 0;
  node_.broadcast(data, bytes, kLeader);
}

void MultiNodeTransport::all_reduce(Reduction reduction, std::byte* data, int64_t elements) {
  const int local = node().size();
  Exchange request{
      .type = reduction.type, .op = reduction.op, .divisor = static_cast<double>(world_ranks_.size())};
  request.parts =
      even_ ? equal_parts(elements, local, bytes_of(reduction.type)) : single_part(elements, local, 0);
  const Part own = request.parts[nodes_.index];
  request.input = data;
  request.own = data + own.offset * bytes_of(reduction.type);
  exchange(node(), request);
  if (across_ != MPI_COMM_NULL) reduce_across(without_mean(reduction), request.own, own.elements);
  request.input = nullptr;
  request.output = data;
  exchange(node(), request);
}

Exchange MultiNodeTransport::parts_of(const std::vector<int>& members, int64_t stride, int64_t elements,
                                      at::ScalarType type) const {
  Exchange request{.type = type};
  for (const int member : members) request.parts.push_back({member * stride, elements});
  return request;
}

void MultiNodeTransport::reduce_scatter(Reduction reduction, std::byte* output, const std::byte* input,
                                        int64_t elements) {
  const int64_t element_bytes = bytes_of(reduction.type);
  const auto pieces = static_cast<int64_t>(even_ ? nodes_.members.size() : world_ranks_.size());
  const int64_t segment =
      std::clamp<int64_t>(kSegmentBytes / element_bytes / pieces, 1, std::max<int64_t>(elements, 1));
  std::vector<std::byte> scratch(static_cast<size_t>(segment * pieces * element_bytes));
  for_segments(elements, segment, [&](int64_t offset, int count) {
    const auto run = even_ ? &MultiNodeTransport::reduce_scatter_segment
                           : &MultiNodeTransport::reduce_scatter_segment_uneven;
    (this->*run)(reduction, output + offset * element_bytes, input + offset * element_bytes, elements, count,
                 scratch);
  });
}

// Each rank reduces, over its node, the parts of the ranks with its index on all nodes.
void MultiNodeTransport::reduce_scatter_segment(Reduction reduction, std::byte* output,
                                                const std::byte* input, int64_t stride, int64_t elements,
                                                std::vector<std::byte>& scratch) {
  for (int other = 0; other < node_count(); ++other) {
    Exchange request = parts_of(nodes_.members[other], stride, elements, reduction.type);
    request.op = reduction.op;
    request.divisor = static_cast<double>(world_ranks_.size());
    request.input = input;
    request.own = scratch.data() + other * elements * bytes_of(reduction.type);
    exchange(node(), request);
  }
  const Reduction between = without_mean(reduction);
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Ireduce_scatter_block(scratch.data(), output, static_cast<int>(elements), datatype(between.type),
                                  reduce_op(between.type, between.op), across_, &request),
        "MPI_Ireduce_scatter_block");
  await(request, node());
}

void MultiNodeTransport::reduce_scatter_segment_uneven(Reduction reduction, std::byte* output,
                                                       const std::byte* input, int64_t stride,
                                                       int64_t elements, std::vector<std::byte>& scratch) {
  const int64_t bytes = elements * bytes_of(reduction.type);
  const auto ranks = static_cast<int64_t>(world_ranks_.size());
  for (int64_t part = 0; part < ranks; ++part) {
    Exchange request{.type = reduction.type, .op = reduction.op, .divisor = static_cast<double>(ranks)};
    request.parts = single_part(elements, node().size(), 0);
    request.input = input + part * stride * bytes_of(reduction.type);
    request.own = scratch.data() + part * bytes;
    exchange(node(), request);
  }
  if (leads()) reduce_across(without_mean(reduction), scratch.data(), ranks * elements);
  share_from_leader(scratch.data(), ranks * bytes);
  if (bytes > 0) std::memcpy(output, scratch.data() + rank_ * bytes, static_cast<size_t>(bytes));
}

void MultiNodeTransport::all_gather(std::byte* output, std::byte* input, int64_t bytes) {
  if (bytes == 0) return;
  std::byte* const own = output + rank_ * bytes;
  if (own != input) std::memcpy(own, input, static_cast<size_t>(bytes));
  if (even_)
    all_gather_even(output, bytes);
  else
    all_gather_uneven(output, bytes);
}

// Each rank fetches the parts of the ranks with its index on the other nodes, then the node's ranks exchange
// them.
void MultiNodeTransport::all_gather_even(std::byte* output, int64_t bytes) {
  const int64_t segment = std::clamp<int64_t>(kSegmentBytes / node_count(), 1, bytes);
  std::vector<std::byte> scratch(static_cast<size_t>(segment * node_count()));
  for_segments(bytes, segment, [&](int64_t offset, int count) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Iallgather(output + rank_ * bytes + offset, count, MPI_BYTE, scratch.data(), count, MPI_BYTE,
                         across_, &request),
          "MPI_Iallgather");
    await(request, node());
    for (int other = 0; other < node_count(); ++other) {
      const int counterpart = nodes_.members[other][nodes_.index];
      std::memcpy(output + counterpart * bytes + offset, scratch.data() + int64_t{other} * count,
                  static_cast<size_t>(count));
    }
  });
  for (const std::vector<int>& members : nodes_.members) {
    Exchange request = parts_of(members, bytes, bytes, at::kByte);
    request.own = output + members[nodes_.index] * bytes;
    request.output = output;
    exchange(node(), request);
  }
}

void MultiNodeTransport::all_gather_uneven(std::byte* output, int64_t bytes) {
  Exchange within = parts_of(own_members(), bytes, bytes, at::kByte);
  within.own = output + rank_ * bytes;
  within.output = output;
  exchange(node(), within);
  for (int part = 0; part < static_cast<int>(world_ranks_.size()); ++part) {
    const int home = nodes_.places[part].node;
    std::byte* const data = output + part * bytes;
    if (leads()) broadcast_across(data, bytes, home);
    if (home != nodes_.node) share_from_leader(data, bytes);
  }
}

void MultiNodeTransport::broadcast(std::byte* data, int64_t bytes, int root) {
  const Place& home = nodes_.places[root];
  const bool here = home.node == nodes_.node;
  if (here) node_.broadcast(data, bytes, home.index);
  if (leads()) broadcast_across(data, bytes, home.node);
  if (!here) share_from_leader(data, bytes);
}

// begin() of every first rank has met those of the other nodes.
void MultiNodeTransport::barrier() {
  node_.barrier();
}

std::unique_ptr<Transport> MultiNodeTransport::split(int color, int key) {
  barrier();  // MPI_Comm_split has no deadline: all must be on their way to it
  MPI_Comm part = MPI_COMM_NULL;
  check(MPI_Comm_split(comm_, color, key, &part), "MPI_Comm_split");
  return make_transport(part, world_ranks_[rank_], node().timeout());
}

void MultiNodeTransport::finalize() {
  barrier();
  for (MPI_Comm* comm : {&messages_, &across_, &comm_}) {
    if (*comm != MPI_COMM_NULL) check(MPI_Comm_free(comm), "MPI_Comm_free");
  }
}

std::unique_ptr<Transfer> MultiNodeTransport::send(const LedgerEntry& entry, int destination,
                                                   const std::byte* data, int64_t bytes) {
  const Place& place = nodes_.places[destination];
  if (place.node == nodes_.node) return node_.send(entry, place.index, data, bytes);
  return mpi_send(messages_, entry, destination, data, bytes);
}

std::unique_ptr<Transfer> MultiNodeTransport::receive(const LedgerEntry& entry, int source, std::byte* data,
                                                      int64_t bytes) {
  const Place& place = nodes_.places[source];
  if (place.node == nodes_.node) return node_.receive(entry, place.index, data, bytes);
  return mpi_receive(messages_, entry, source, data, bytes);
}

}  // namespace echelon::mpi
