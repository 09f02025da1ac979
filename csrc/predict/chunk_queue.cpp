#include "predict/chunk_queue.h"

#include <algorithm>
#include <utility>

#include "common/stage_clock.h"

namespace echelon::predict {
namespace {

int64_t bytes_of(std::span<const table::Column> columns, int64_t begin, int64_t end) {
  int64_t bytes = 0;
  for (const table::Column& column : columns) bytes += table::value_bytes(column, begin, end);
  return bytes;
}

}  // namespace

ChunkQueue::ChunkQueue(const Limits& limits, Score score, Take take)
    : limits_(limits), score_(std::move(score)), take_(std::move(take)) {}

void ChunkQueue::append(std::span<const table::Column> columns, int64_t begin, int64_t end,
                        const std::string& file, int64_t first_row) {
  for (int64_t row = begin; row < end;) {
    const int64_t rows = room_for(columns, row, end);
    if (rows > 0) add(columns, row, row + rows, {file, first_row + row - begin, rows});
    row += rows;
    if (is_full() || rows == 0) start(std::launch::async);
  }
}

/// As many rows from `begin` on as the chunk has room for; at least one where it is empty.
int64_t ChunkQueue::room_for(std::span<const table::Column> columns, int64_t begin, int64_t end) const {
  int64_t rows = std::min(end - begin, limits_.rows - rows_);
  while (rows > 0 && bytes_ + bytes_of(columns, begin, begin + rows) > limits_.bytes) rows /= 2;
  return rows == 0 && rows_ == 0 ? 1 : rows;
}

void ChunkQueue::add(std::span<const table::Column> columns, int64_t begin, int64_t end,
                     const RowSpan& origin) {
  if (begun_.columns.empty()) {
    for (const table::Column& column : columns) begun_.columns.push_back(table::empty_like(column));
  }
  for (size_t i = 0; i < columns.size(); ++i) table::append_rows(begun_.columns[i], columns[i], begin, end);
  rows_ += origin.rows;
  bytes_ += bytes_of(columns, begin, end);
  if (begun_.origins.empty() || begun_.origins.back().file != origin.file ||
      begun_.origins.back().first_row + begun_.origins.back().rows != origin.first_row) {
    begun_.origins.push_back(origin);
  } else {
    begun_.origins.back().rows += origin.rows;
  }
}

void ChunkQueue::start(std::launch policy) {
  if (waiting_.size() >= limits_.waiting) take_first();
  Waiting& last = waiting_.emplace_back();
  last.chunk = std::exchange(begun_, {});
  rows_ = bytes_ = 0;
  last.scores = std::async(policy, [this, &last] { return score_(last.chunk.columns); });
}

void ChunkQueue::take_first() {
  Waiting& first = waiting_.front();
  {
    const StageScope scope(LoadStage::kWait);
    first.chunk.scores = first.scores.get();
  }
  take_(std::move(first.chunk));
  waiting_.pop_front();
}

void ChunkQueue::flush() {
  // What is alone needs no thread of its own.
  if (rows_ > 0) start(waiting_.empty() ? std::launch::deferred : std::launch::async);
  while (!waiting_.empty()) take_first();
}

}  // namespace echelon::predict
