// Files that are scored together, cut into units of work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "predict/scorer/scorer.h"
#include "predict/settings.h"
#include "storage/storage.h"
#include "table/column.h"
#include "work/stored_file.h"

namespace echelon {
class Communicator;
}

namespace echelon::predict {

/// What is known of a file without keeping it open.
struct SourceFile {
  work::InputFile file;
  std::vector<int64_t> block_rows{};
  std::string problem{};  ///< why it cannot be read at all; empty: it can
  int64_t rows() const;   ///< in all
};

/// Rows [begin, end) of a file; of one that cannot be read, none.
struct SourcePart {
  size_t file = 0;
  int64_t begin = 0, end = 0;
};

struct Plan {
  std::vector<SourceFile> files;
  std::vector<std::vector<SourcePart>> units;
  /// The columns that stand beside the predictions; none: no file can be read, and so none was chosen.
  std::optional<table::Schema> kept;
};

/// What a unit of work holds at most.
struct UnitSize {
  double bytes = 0;  ///< of stored input; a block is more where it is larger
  int64_t rows = 0;
};

/// In the order of the files. Where blocks hold more rows than a unit, several units share one.
std::vector<std::vector<SourcePart>> cut_into_units(const std::vector<SourceFile>& files,
                                                    const UnitSize& size);

/// Opens every file of `names` once, shared out over the ranks, and makes sure that it has the columns that
/// `scorer` reads and those that are kept. `kept`: those of earlier batches, which these must have as well;
/// none: the first file that can be read decides. Collective. Throws DataError that names file and column, on
/// every rank the same. A file that cannot be read is thrown as well, or with OnBadRow::kRecord noted; in
/// Mode::kOnce one at least must be read.
Plan make_plan(const std::vector<std::string>& names, const PredictSettings& settings, const Scorer& scorer,
               const std::optional<table::Schema>& kept, storage::Storage& storage, Communicator& comm);

}  // namespace echelon::predict
