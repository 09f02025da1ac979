// The clockwork of simulate(): which rank does what at which time.
#pragma once

#include <vector>

#include "schedule/simulate.h"

namespace echelon::schedule {

/// Messages between two stages in one direction, with the times when they are sent, posted and there.
struct ChannelTimes {
  double transfer = 0;
  std::vector<Span*> sends;
  std::vector<Span*> receives;
  std::vector<double> arrivals;  ///< of those both sent and posted
  std::vector<int> number_of;    ///< of each micro-batch: its place in `receives`

  /// The time when message `number` is there, infinity when it is not known yet.
  double arrival(int number) const;
  /// Works out the arrivals that have become known.
  void match();
};

class Simulation {
 public:
  Simulation(const Schedule& schedule, const Costs& costs, const SimulateOptions& options);
  std::vector<std::vector<Span>> run();

 private:
  struct RankState {
    size_t index = 0;
    bool begun = false;      ///< the action has had its effect on channels
    bool computing = false;  ///< a compute action or the step is under way
    double remaining = 0;    ///< seconds of work left in it, at full rate
    double reduced = 0;      ///< when the last reduction is over
  };

  bool is_done(int rank) const { return states_[rank].index == spans_[rank].size(); }
  bool advance(int rank);
  void begin(int rank);
  double ready_at(int rank) const;
  double work_of(int rank, const Action& action) const;
  void finish(int rank);
  void reduce_if_last(int rank, const Action& action);
  double rate(int rank) const;
  void advance_time();

  const Schedule& schedule_;
  const Costs& costs_;
  const SimulateOptions& options_;
  std::vector<std::vector<Span>> spans_;
  std::vector<ChannelTimes> channels_;
  std::vector<RankState> states_;
  std::vector<int> backwards_left_;  ///< by stage
  double now_ = 0;
};

}  // namespace echelon::schedule
