// Units of work, made by all ranks together.
#pragma once

#include <functional>
#include <string>

#include "work/output_folder.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::work {

struct MakeOptions {
  int threads = 1;  ///< of this rank
  /// The count (UnitOutput::counts) whose sum and rate are shown beside the units; empty: none.
  std::string shown{};
  /// Asked four times a second on every rank: true on any ends the work with the units that are begun.
  std::function<bool()> stop{};
};

/// Makes the units of `task`, which all ranks have alike, that are not done: each on whichever rank and
/// thread is free. Rank 0 shows how far they are. Returns whether all are done. Collective. Throws on every
/// rank what the first unit to fail threw; what is done by then stays.
bool make_units(const Task& task, const OutputFolder& folder, const MakeOptions& options, Communicator& comm);

/// What the units made, in order, on the rank that asks; one that is not done is made here. To be called when
/// make_units() has returned true.
std::vector<UnitOutput> outputs_of_units(const Task& task, const OutputFolder& folder);

}  // namespace echelon::work
