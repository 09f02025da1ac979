// Parquet files of tables.
#pragma once

#include <memory>

#include "prepare/table/settings.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// Unit i is the rows [i, i + 1) * rows_per_file of all tables in order, and becomes part-i.parquet; with
/// on_error: skip, without those of damaged blocks. Collective: the ranks look at the tables together. Throws
/// DataError, on every rank the same: what look_at_tables() and agree_on_columns() throw, or no rows at all.
std::unique_ptr<work::Task> make_task(const TablePreparation& settings, Communicator& comm);

}  // namespace echelon::prepare
