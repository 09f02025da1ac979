// Units of work, made by all ranks together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "work/output_folder.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::work {

/// How far all ranks together are.
struct UnitProgress {
  int64_t units = 0;
  int64_t done = 0;                 ///< of them
  int64_t made = 0;                 ///< of those, in this attempt
  int64_t shown = 0;                ///< of MakeOptions::shown, in them
  double seconds = 0;               ///< since this attempt began
  std::vector<int64_t> measures{};  ///< the sums of MakeOptions::measures

  double shown_per_second() const;
  double seconds_left() const;  ///< 0 where nothing has been made
};

struct MakeOptions {
  int threads = 1;  ///< of this rank
  /// The count (UnitOutput::counts) whose sum and rate are shown beside the units; empty: none.
  std::string shown{};
  /// Asked four times a second on every rank: true on any ends the work with the units that are begun.
  std::function<bool()> stop{};
  /// Asked for on every rank, as often: the same number of numbers, which are summed over the ranks.
  std::function<std::vector<int64_t>()> measures{};
  /// Told on rank 0, as often, and once when all is made.
  std::function<void(const UnitProgress&)> told{};
};

/// Makes the units of `task`, which all ranks have alike, that are not done: each on whichever rank and
/// thread is free. Rank 0 shows how far they are. Returns whether all are done. Collective. Throws on every
/// rank what the first unit to fail threw; what is done by then stays.
bool make_units(const Task& task, const OutputFolder& folder, const MakeOptions& options, Communicator& comm);

/// What the units made, in order, on the rank that asks; one that is not done is made here. To be called when
/// make_units() has returned true.
std::vector<UnitOutput> outputs_of_units(const Task& task, const OutputFolder& folder);

}  // namespace echelon::work
