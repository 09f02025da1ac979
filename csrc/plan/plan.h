// The verb `plan`: what a job would do and how long a step would take, without starting it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parallel/batch_plan.h"
#include "parallel/cost/choose_schedule.h"
#include "plan/limits.h"
#include "plan/profile.h"
#include "plan/rows.h"
#include "train/settings.h"

namespace echelon::plan {

struct PlanRequest {
  std::string name;                     ///< of the run, for titles
  int ranks = 0;                        ///< 0: one pipeline
  std::optional<int64_t> memory_bytes;  ///< that a rank may use; not set: what the hardware has
};

struct Plan {
  std::string name;
  parallel::JobShape job;
  parallel::BatchPlan batch;
  std::string precision;
  std::string family;
  std::vector<std::string> layer_names;
  std::optional<Crowd> crowd;  ///< where this machine was measured
  parallel::PlannedSchedule schedule;
  bool chosen = false;  ///< the schedule, among others
  std::vector<StageRow> stages;
  std::vector<LinkRow> links;
  std::vector<ReductionRow> reductions;
  TimeShares shares;
  std::string limit;
  int64_t parameters = 0;            ///< of the model; tied tensors count once
  double flops = 0;                  ///< of a micro-batch: forward and backward
  int64_t tokens_per_sample = 0;     ///< 0: the model reads no tokens
  std::vector<std::string> unsplit;  ///< layers whose whole backward runs in the input half

  double seconds() const { return schedule.timeline.seconds; }
  double samples_per_second() const { return static_cast<double>(batch.global_batch) / seconds(); }
};

/// Throws ConfigError as make_grid(), plan_batch() and plan_layout(), and where a rank needs more memory than
/// it has; the message says of which kind, and which single changes fit.
Plan make_plan(const train::TrainSettings& settings, const PlanRequest& request);

/// For a terminal, at most 100 columns.
std::string to_text(const Plan& plan);
/// A page that needs no other file.
std::string to_html(const Plan& plan);
/// The timeline alone.
std::string to_svg(const Plan& plan);

}  // namespace echelon::plan
