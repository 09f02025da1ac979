#include "predict/chunk_queue.h"

#include <gmock/gmock.h>

#include <atomic>

#include "common/error.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;
using testing::ElementsAre;

Column integers(int64_t first, int64_t rows) {
  Column column = table::empty_column(ColumnType::kInt64);
  for (int64_t i = 0; i < rows; ++i) column.integers.push_back(first + i);
  column.rows = rows;
  return column;
}

/// The model: twice the input.
Scores doubled(std::span<const Column> columns) {
  Scores scores{.columns = {columns[0]}};
  for (int64_t& value : scores.columns[0].integers) value *= 2;
  return scores;
}

class ChunkQueueTest : public testing::Test {
 protected:
  ChunkQueue queue(ChunkQueue::Limits limits) {
    return {limits, doubled, [this](ScoredChunk chunk) { taken_.push_back(std::move(chunk)); }};
  }

  std::vector<int64_t> sizes() const {
    std::vector<int64_t> sizes;
    for (const ScoredChunk& chunk : taken_) sizes.push_back(chunk.columns[0].rows);
    return sizes;
  }

  std::vector<ScoredChunk> taken_;
};

TEST_F(ChunkQueueTest, RowsOfSeveralFilesShareAChunkAndKeepTheirPlaces) {
  ChunkQueue chunks = queue({.rows = 5, .bytes = 1 << 20, .waiting = 2});
  for (int64_t file = 0; file < 3; ++file)
    chunks.append({{integers(100 * file, 4)}}, 1, 4, std::string(1, static_cast<char>('a' + file)), 1);
  chunks.flush();
  EXPECT_THAT(sizes(), ElementsAre(5, 4));
  EXPECT_THAT(taken_[0].scores.columns[0].integers, ElementsAre(2, 4, 6, 202, 204));
  EXPECT_THAT(taken_[1].scores.columns[0].integers, ElementsAre(206, 402, 404, 406));
  std::vector<std::string> places;
  for (const ScoredChunk& chunk : taken_) {
    for (int64_t row = 0; row < chunk.columns[0].rows; ++row) {
      const RowPlace place = place_of(chunk.origins, row);
      places.push_back(place.file + std::to_string(place.row));
    }
  }
  EXPECT_THAT(places, ElementsAre("a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"));
}

TEST_F(ChunkQueueTest, BlocksOfOneFileAreOneSpan) {
  ChunkQueue chunks = queue({.rows = 100, .bytes = 1 << 20, .waiting = 2});
  chunks.append({{integers(0, 4)}}, 0, 4, "a", 0);
  chunks.append({{integers(4, 4)}}, 0, 4, "a", 4);
  chunks.append({{integers(12, 4)}}, 0, 4, "a", 12);  // not the next rows
  chunks.flush();
  ASSERT_EQ(taken_.size(), 1);
  ASSERT_EQ(taken_[0].origins.size(), 2);
  EXPECT_EQ(taken_[0].origins[0].rows, 8);
  EXPECT_EQ(taken_[0].origins[1].first_row, 12);
}

TEST_F(ChunkQueueTest, BytesEndAChunkButARowIsNeverDivided) {
  Column texts = table::empty_column(ColumnType::kString);
  for (const int64_t length : {10, 10, 1000, 10, 10}) table::append_text(texts, std::string(length, 'x'));
  ChunkQueue chunks{{.rows = 100, .bytes = 50, .waiting = 2},
                    [](std::span<const Column> columns) { return Scores{.columns = {columns[0]}}; },
                    [this](ScoredChunk chunk) { taken_.push_back(std::move(chunk)); }};
  chunks.append({{texts}}, 0, 5, "a", 0);
  chunks.flush();
  EXPECT_THAT(sizes(), ElementsAre(2, 1, 2));
}

TEST_F(ChunkQueueTest, TheOrderIsKeptAndFewChunksWait) {
  std::atomic<int> at_work = 0, most = 0;
  ChunkQueue chunks{{.rows = 1, .bytes = 1 << 20, .waiting = 3},
                    [&](std::span<const Column> columns) {
                      const int now = ++at_work;
                      int seen = most;
                      while (now > seen && !most.compare_exchange_weak(seen, now)) {
                      }
                      Scores scores = doubled(columns);
                      --at_work;
                      return scores;
                    },
                    [this](ScoredChunk chunk) { taken_.push_back(std::move(chunk)); }};
  chunks.append({{integers(0, 200)}}, 0, 200, "a", 0);
  chunks.flush();
  ASSERT_EQ(taken_.size(), 200);
  for (int64_t i = 0; i < 200; ++i)
    EXPECT_EQ(taken_[static_cast<size_t>(i)].scores.columns[0].integers[0], 2 * i);
  EXPECT_LE(most, 3);
}

TEST_F(ChunkQueueTest, WhatScoringThrowsComesOut) {
  ChunkQueue chunks{{.rows = 2, .bytes = 1 << 20, .waiting = 2},
                    [](std::span<const Column> columns) -> Scores {
                      if (columns[0].integers[0] >= 2) throw DataError("two");
                      return doubled(columns);
                    },
                    [this](ScoredChunk chunk) { taken_.push_back(std::move(chunk)); }};
  EXPECT_THROW(
      {
        chunks.append({{integers(0, 6)}}, 0, 6, "a", 0);
        chunks.flush();
      },
      DataError);
  EXPECT_THAT(sizes(), ElementsAre(2));
}

}  // namespace
}  // namespace echelon::predict
