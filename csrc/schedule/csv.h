// Schedules as CSV, as PyTorch's pipeline schedules are written: one row a rank, one action a cell ("3F5").
//
// Empty cells stand for waiting and mean nothing here; rows without any action and rows that begin with '#'
// are skipped. A row may end in LF or CR LF. Which rank holds which stage follows from the rank where the
// stage is first named; how many micro-batches there are from the largest number. Whether the actions make a
// schedule is left for verify() to tell.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "schedule/action.h"

namespace echelon::schedule {

/// `name` becomes the schedule's name and stands in messages. Throws ConfigError, "name:row: cell 3: …",
/// counting rows and cells from 1.
Schedule parse_csv(std::string_view text, const std::string& name);

/// The file's text through parse_csv; its path as the user wrote it is the name.
Schedule read_csv(const std::filesystem::path& path);

/// One row a rank with all of its actions. parse_csv() of it gives the same schedule where every stage and
/// micro-batch has an action.
std::string to_csv(const Schedule& schedule);

}  // namespace echelon::schedule
