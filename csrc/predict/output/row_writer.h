// The files of one unit: predictions of the rows that could be scored, and the others with the reason.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "predict/row_span.h"
#include "predict/scorer/scorer.h"
#include "predict/settings.h"
#include "table/partitioned_writer.h"
#include "work/output_folder.h"
#include "work/unit_output.h"

namespace echelon::predict {

/// Of all files of a job.
struct OutputLayout {
  table::Schema kept;     ///< of the input
  table::Schema made;     ///< by the model
  std::string version;    ///< of the model
  OutputSettings output;  ///< which columns besides
  /// kept, made and what `output` asks for.
  table::Schema schema() const;
  /// Throws ConfigError where two columns have one name, DataError where rows cannot be divided by what
  /// `output.partition_by` names.
  void check() const;
};

/// Used by one thread. Whatever happens before finish(), nothing stays.
class RowWriter {
 public:
  /// `stem`: what the names of the files begin with, no other unit's.
  RowWriter(const OutputLayout& layout, const work::OutputFolder& folder, std::string stem,
            OnBadRow on_bad_row);
  ~RowWriter();

  /// The columns of OutputLayout::kept, and what was made of them; `origins`: of the rows, in order.
  /// Rows whose values make no partition have a problem, too. With OnBadRow::kFail throws DataError that
  /// names file and row of the first that has one.
  void append(std::vector<table::Column> kept, Scores scores, std::span<const RowSpan> origins);
  /// Rows that could not even be read.
  void append_unread(const RowSpan& rows, const std::string& reason);
  /// A file of which nothing could be read, not even how many rows it has.
  void append_unread_file(const std::string& file, const std::string& reason);

  /// Completes the files; "rows" counts those that were scored, "errors" the others.
  work::UnitOutput finish();

 private:
  /// Those of one folder: what is written to it, and what came of it.
  struct Files;

  Files& predictions();
  Files& errors();
  void append_scored(std::span<const table::Column> columns, const std::map<int64_t, std::string>& problems,
                     int64_t rows);
  void append_errors(const std::map<int64_t, std::string>& problems, std::span<const RowSpan> origins);

  const OutputLayout& layout_;
  const work::OutputFolder& folder_;
  std::string stem_;
  OnBadRow on_bad_row_;
  std::unique_ptr<Files> predictions_, errors_;
};

}  // namespace echelon::predict
