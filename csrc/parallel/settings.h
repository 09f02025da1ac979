// How a job is spread over its ranks.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/declare.h"

namespace echelon::parallel {

/// In which order the ranks of a pipeline run their micro-batches, forward and backward. The structs that are
/// empty are schedules without settings.
///
/// The one that is estimated to be fastest for the model and the job.
struct AutoSchedule {};
/// All forwards, then all backwards (Huang et al. 2018, arXiv:1811.06965).
struct Gpipe {};
/// PipeDream-Flush (Narayanan et al. 2021, arXiv:2104.04473, section 2.2.1).
struct OneForwardOneBackward {};
/// The same with several chunks of the model a rank (arXiv:2104.04473, section 2.2.2).
struct Interleaved {
  int64_t chunks = 2;  ///< a rank
};
/// 1F1B with backward in two parts, for inputs and for weights (Qi et al. 2023, arXiv:2401.10241).
struct ZeroBubbleH1 {};
/// The same with two chunks a rank, which go down the ranks and up again, as a V (arXiv:2401.10241).
struct ZeroBubbleV {};
/// A table of operations that the user wrote.
struct ScheduleFile {
  config::InputPath path;
};
using ScheduleSettings = std::variant<AutoSchedule, Gpipe, OneForwardOneBackward, Interleaved, ZeroBubbleH1,
                                      ZeroBubbleV, ScheduleFile>;

/// As the configuration names it: "1f1b".
std::string schedule_name(const ScheduleSettings& schedule);

struct ParallelSettings {
  int64_t pipeline = 1;  ///< ranks that share one model; all ranks / pipeline are replicas
  ScheduleSettings schedule;
  std::vector<std::string> split = {"auto"};      ///< "auto", or the first layer of each stage
  std::vector<std::string> recompute = {"none"};  ///< "none", "full", or patterns (`*`, `?`) of layer names
  bool shard_optimizer = false;
  double bucket_mb = 25;
  double first_bucket_mb = 1;
  bool find_unused = false;
  bool sync_batch_norm = false;
};

void describe(config::Fields<Interleaved>& f);
void describe(config::Fields<ScheduleFile>& f);
void describe(config::Fields<ScheduleSettings>& f);
void describe(config::Fields<ParallelSettings>& f);

}  // namespace echelon::parallel
