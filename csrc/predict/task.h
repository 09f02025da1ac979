// The units of a batch: rows in, predictions out.
#pragma once

#include <semaphore>

#include "common/stage_clock.h"
#include "data/block_cache.h"
#include "predict/chunk_queue.h"
#include "predict/output/row_writer.h"
#include "predict/plan.h"
#include "table/table_file.h"
#include "work/task.h"

namespace echelon::predict {

class PredictTask final : public work::Task {
 public:
  /// What is passed by reference must outlive this object. `batch`: its number, for the names of files;
  /// `chunks`: that are scored at once, of all units together; `clock`: of what they do.
  PredictTask(const Plan& plan, const OutputLayout& layout, const PredictSettings& settings,
              const Scorer& scorer, storage::Storage& storage, int64_t batch, int chunks, StageClock& clock);

  std::vector<work::InputFile> inputs() const override;
  int64_t units() const override { return static_cast<int64_t>(plan_.units.size()); }
  /// Throws DataError for a file that has changed since it was planned, and with OnBadRow::kFail for the
  /// first row that cannot be scored.
  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override;

 private:
  using Columns = std::vector<table::Column>;

  void score_part(const SourcePart& part, ChunkQueue& chunks, RowWriter& writer) const;
  /// Rows [begin, end) of a block, which is `number` over all files.
  void score_block(const table::TableFile& file, int64_t block, int64_t begin, int64_t end, int64_t number,
                   ChunkQueue& chunks, RowWriter& writer) const;
  Scores score_chunk(std::span<const table::Column> columns) const;
  void write_chunk(ScoredChunk chunk, RowWriter& writer) const;
  std::unique_ptr<table::TableFile> open(const SourceFile& source) const;
  /// Throws Error where it is not as it was planned.
  void require_unchanged(const SourceFile& source) const;

  const Plan& plan_;
  const OutputLayout& layout_;
  const PredictSettings& settings_;
  const Scorer& scorer_;
  storage::Storage& storage_;
  int64_t batch_;
  int chunks_;
  StageClock& clock_;
  mutable std::counting_semaphore<> scoring_;  ///< of `chunks`
  /// The columns that are read: those of the scorer, then those that are kept and not among them.
  std::vector<std::string> columns_;
  std::vector<size_t> kept_;           ///< where among them
  std::vector<int64_t> first_blocks_;  ///< of each file, counted over all
  /// By their place in the plan: what is not Parquet or Arrow is scanned whole to be opened.
  data::BlockCache<table::TableFile> files_;
  data::BlockCache<Columns> shared_;  ///< blocks that several units share, by that count
};

}  // namespace echelon::predict
