// The watch of a communicator over several nodes. Within a node ranks see each other in shared memory;
// between nodes the first rank of each answers the question where its ranks are, and hears of failures. Its
// threads look for such messages whenever they wait or have nothing to do.
#pragma once

#include <mpi.h>

#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "comm/mpi/nodes.h"
#include "comm/node/node_group.h"
#include "comm/watch.h"

namespace echelon::mpi {

class NodeWatch final : public Watch {
 public:
  /// `control` carries nothing but the messages of this watch; whoever frees it does so after this.
  NodeWatch(MPI_Comm control, const Nodes& nodes, NodeGroup& group);

  void enter(const LedgerEntry& entry) override { group_.enter(entry); }
  void finish() override { group_.finish(); }
  std::string failure() override { return group_.failure(); }
  void fail(const std::string& reason) override;
  std::vector<RankStatus> collect(double seconds) override;

  /// Answers what has come. Does not wait.
  void poll();

 private:
  enum Tag : int { kQuestion = 1, kAnswer = 2, kFailure = 3 };
  struct Answer {
    LedgerEntry entered, finished;
  };
  struct Sending {
    std::vector<char> bytes;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  void receive(MPI_Message message, const MPI_Status& status);
  void send_to(int rank, Tag tag, std::vector<char> bytes);
  std::vector<char> own_answer();
  int first_rank(int node) const { return nodes_.members[node].front(); }
  bool answered();

  MPI_Comm control_;
  const Nodes& nodes_;
  NodeGroup& group_;
  std::mutex mutex_;
  std::vector<std::vector<Answer>> answers_;  ///< [node][index], empty until it answers
  std::list<Sending> sending_;
};

}  // namespace echelon::mpi
