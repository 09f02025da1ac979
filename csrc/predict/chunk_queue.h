// Rows on their way through the model: gathered into chunks, scored by several threads, handed on in order.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <span>
#include <string>
#include <vector>

#include "predict/row_span.h"
#include "predict/scorer/scorer.h"
#include "table/column.h"

namespace echelon::predict {

struct ScoredChunk {
  std::vector<table::Column> columns;  ///< as they were read
  std::vector<RowSpan> origins;        ///< of the rows, in order
  Scores scores;
};

/// Where chunks end depends on the rows alone, so that results do not on threads. Used by one thread.
class ChunkQueue {
 public:
  struct Limits {
    int64_t rows = 1;    ///< of a chunk
    int64_t bytes = 1;   ///< of a chunk; a single row may be larger
    size_t waiting = 1;  ///< chunks that are being scored or have been, before the first must be taken
  };
  /// Called by threads of their own.
  using Score = std::function<Scores(std::span<const table::Column>)>;
  /// Called by the thread that calls append() and flush().
  using Take = std::function<void(ScoredChunk)>;

  ChunkQueue(const Limits& limits, Score score, Take take);

  /// Rows [begin, end) of `columns`, the first of which is row `first_row` of `file`. Throws what scoring and
  /// taking throw.
  void append(std::span<const table::Column> columns, int64_t begin, int64_t end, const std::string& file,
              int64_t first_row);
  /// Ends the chunk that is begun, and waits until all are taken.
  void flush();

 private:
  struct Waiting {
    ScoredChunk chunk;
    std::future<Scores> scores;  // ends before the chunk that it reads
  };

  int64_t room_for(std::span<const table::Column> columns, int64_t begin, int64_t end) const;
  void add(std::span<const table::Column> columns, int64_t begin, int64_t end, const RowSpan& origin);
  bool is_full() const { return rows_ >= limits_.rows || bytes_ >= limits_.bytes; }
  void start(std::launch policy);
  void take_first();

  Limits limits_;
  Score score_;
  Take take_;
  ScoredChunk begun_;
  int64_t rows_ = 0, bytes_ = 0;  ///< of begun_
  std::deque<Waiting> waiting_;
};

}  // namespace echelon::predict
