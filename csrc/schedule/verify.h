// Proves that a schedule is one, before anything runs: every micro-batch passes every stage forward and
// backward once and in order, every message is sent and received once and in the same order, reductions and
// steps stand where they must, and no rank waits for ever.
//
// The last is decided by running the lists on an abstract machine: a rank executes its list in order; a
// receive posts; a compute action waits for its message, which is there once the send was reached and the
// receive posted; a send is complete once its receive is posted, and waits while more than `send_buffers`
// sends on its channel are incomplete. What a rank can do, it can still do after any other rank has done
// something, so one run decides for all timings.
#pragma once

#include <string>
#include <vector>

#include "schedule/action.h"

namespace echelon::schedule {

struct VerifyOptions {
  /// How many sends on one channel may be incomplete before a rank waits; 0: every send waits for its
  /// receive. 2 lets one message travel while the next is made.
  int send_buffers = 2;
  /// Whether backward of the stage may be split into halves. Empty: of all stages.
  std::vector<bool> may_split;
  /// The lists were written without communication: check() counts the position of an action among the
  /// computations.
  bool written_without_communication = false;
};

struct Problem {
  int rank = Action::kNone;   ///< kNone: of none in particular
  int index = Action::kNone;  ///< of the action in its rank's list; kNone: of none that is there
  std::string action;         ///< as to_string(Action); empty: none in particular
  std::string reason;
  /// "rank 1, action 4 (2F3): …".
  std::string text() const;
};

/// The most micro-batches at once whose forward has run, but
struct InFlight {
  int until_input = 0;   ///< the gradient of whose input is not made yet: they hold the activations
  int until_weight = 0;  ///< whose backward is not over: they hold at least what the weights' gradients need
};

struct Report {
  /// By rank and index, at most 100: numbers first; where they are sound, what each rank computes; then the
  /// order of actions and messages; then deadlock.
  std::vector<Problem> problems;
  bool deadlock = false;           ///< the problems tell who waits for whom
  std::vector<InFlight> of_rank;   ///< added up over its stages; only where there are no problems
  std::vector<InFlight> of_stage;  ///< only where there are no problems
  bool ok() const { return problems.empty(); }
};

/// `schedule` with its communication (communication.h).
Report verify(const Schedule& schedule, const VerifyOptions& options = {});

/// verify(), but throws ConfigError with the first few problems.
Report check(const Schedule& schedule, const VerifyOptions& options = {});

}  // namespace echelon::schedule
