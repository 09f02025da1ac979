// A plan as facts, tables and notes, whatever they are written as.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"
#include "plan/table.h"

namespace echelon::plan {

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Table> tables;       ///< stages, memory, links
  std::vector<std::string> notes;  ///< what the prediction takes for granted, and what stands out
};

Report make_report(const Plan& plan);

/// How the ranks are divided: "8 ranks = 4 in a pipeline × 2 replicas".
std::string describe_ranks(const parallel::Grid& grid);
/// The hardware in a line.
std::string describe_hardware(const parallel::Hardware& hardware, const std::optional<Crowd>& crowd);

}  // namespace echelon::plan
