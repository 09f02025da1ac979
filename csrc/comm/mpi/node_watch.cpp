#include "comm/mpi/node_watch.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "comm/mpi/call.h"
#include "common/clock.h"

namespace echelon::mpi {

NodeWatch::NodeWatch(MPI_Comm control, const Nodes& nodes, NodeGroup& group)
    : control_(control), nodes_(nodes), group_(group), answers_(nodes.members.size()) {}

void NodeWatch::fail(const std::string& reason) {
  if (!group_.failure().empty()) return;
  group_.fail(reason);
  const std::string first = group_.failure();  // another rank of this node may have been quicker
  constexpr size_t kMostBytes = 2048;          // small enough to leave at once (eager protocol)
  const std::vector<char> bytes(first.begin(), first.begin() + std::min(first.size(), kMostBytes));
  const std::lock_guard lock(mutex_);
  for (int node = 0; node < static_cast<int>(nodes_.members.size()); ++node) {
    if (node != nodes_.node) send_to(first_rank(node), kFailure, bytes);
  }
}

std::vector<RankStatus> NodeWatch::collect(double seconds) {
  {
    const std::lock_guard lock(mutex_);
    for (int node = 0; node < static_cast<int>(nodes_.members.size()); ++node) {
      answers_[node].clear();
      if (node != nodes_.node) send_to(first_rank(node), kQuestion, {});
    }
  }
  for (const Stopwatch stopwatch; stopwatch.seconds() < seconds && !answered() && group_.failure().empty();) {
    poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const std::vector<RankStatus> own = group_.collect(0);
  const std::lock_guard lock(mutex_);
  std::vector<RankStatus> ranks;
  for (const Place& place : nodes_.places) {
    RankStatus status;
    status.rank = place.world_rank;
    status.host = nodes_.hosts[place.node];
    if (place.node == nodes_.node) {
      status.entered = own[place.index].entered;
      status.finished = own[place.index].finished;
    } else if (!answers_[place.node].empty()) {
      status.entered = answers_[place.node][place.index].entered;
      status.finished = answers_[place.node][place.index].finished;
    } else {
      status.reachable = false;
    }
    ranks.push_back(std::move(status));
  }
  return ranks;
}

bool NodeWatch::answered() {
  const std::lock_guard lock(mutex_);
  for (int node = 0; node < static_cast<int>(answers_.size()); ++node) {
    if (node != nodes_.node && answers_[node].empty()) return false;
  }
  return true;
}

void NodeWatch::poll() {
  const std::lock_guard lock(mutex_);
  for (;;) {
    int found = 0;
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    check(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, control_, &found, &message, &status), "MPI_Improbe");
    if (found == 0) break;
    receive(message, status);
  }
  sending_.remove_if([](Sending& sending) {
    int done = 0;
    check(MPI_Test(&sending.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    return done != 0;
  });
}

void NodeWatch::receive(MPI_Message message, const MPI_Status& status) {
  int count = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  std::vector<char> bytes(static_cast<size_t>(count));
  check(MPI_Mrecv(bytes.data(), count, MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv");
  const int node = nodes_.places[status.MPI_SOURCE].node;
  switch (status.MPI_TAG) {
    case kQuestion:
      return send_to(status.MPI_SOURCE, kAnswer, own_answer());
    case kFailure:
      return group_.fail(std::string(bytes.begin(), bytes.end()));
    case kAnswer:
      answers_[node].resize(nodes_.members[node].size());
      std::memcpy(answers_[node].data(), bytes.data(),
                  std::min(bytes.size(), answers_[node].size() * sizeof(Answer)));
      return;
    default:
      return;
  }
}

std::vector<char> NodeWatch::own_answer() {
  std::vector<Answer> answers;
  for (const RankStatus& status : group_.collect(0)) answers.push_back({status.entered, status.finished});
  std::vector<char> bytes(answers.size() * sizeof(Answer));
  std::memcpy(bytes.data(), answers.data(), bytes.size());
  return bytes;
}

void NodeWatch::send_to(int rank, Tag tag, std::vector<char> bytes) {
  sending_.push_back({std::move(bytes)});
  Sending& sending = sending_.back();
  check(MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, rank, tag, control_,
                  &sending.request),
        "MPI_Isend");
}

}  // namespace echelon::mpi
