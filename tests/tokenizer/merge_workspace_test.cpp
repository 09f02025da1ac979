#include "tokenizer/merge_workspace.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace echelon::tokenizer {
namespace {

using Symbols = std::vector<uint32_t>;

/// Word for word what merging means: the lowest rank first, the leftmost of equals.
Symbols by_definition(Symbols symbols, const MergeTable& table) {
  for (;;) {
    MergeTable::Rule best;
    size_t place = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const MergeTable::Rule rule = table.find(symbols[i], symbols[i + 1]);
      if (rule.rank < best.rank) {
        best = rule;
        place = i;
      }
    }
    if (best.rank == MergeTable::kNever) return symbols;
    symbols[place] = best.result;
    symbols.erase(symbols.begin() + static_cast<int64_t>(place) + 1);
  }
}

/// Rules in any order, so that a merge may make a pair of lower rank than its own.
MergeTable random_table(std::mt19937& random, uint32_t letters, uint32_t rules) {
  MergeTable table;
  for (uint32_t rank = 0; rank < rules; ++rank) {
    const uint32_t result = letters + static_cast<uint32_t>(random() % rules);
    table.add(static_cast<uint32_t>(random() % (letters + rules)), static_cast<uint32_t>(random() % letters),
              {rank, result});
  }
  return table;
}

TEST(MergeWorkspace, MergesAsDefined) {
  std::mt19937 random(3);
  MergeWorkspace workspace;
  for (int round = 0; round < 300; ++round) {
    const MergeTable table = random_table(random, 4, 60);
    for (const size_t length : {0, 1, 2, 9, 63, 64, 65, 66, 200, 1000}) {
      Symbols symbols(length);
      for (uint32_t& symbol : symbols) symbol = static_cast<uint32_t>(random() % 4);
      const Symbols expected = by_definition(symbols, table);
      Symbols ids = {7};
      workspace.merge(symbols, table, ids);
      ids.erase(ids.begin());
      ASSERT_EQ(ids, expected) << "length " << length;
    }
  }
}

TEST(MergeWorkspace, TakesTimeInProportionToTheLength) {
  MergeTable table;
  for (uint32_t i = 0; i < 10; ++i) table.add(i, i, {i, i + 1});
  MergeWorkspace workspace;
  const auto seconds = [&](size_t length) {
    Symbols symbols(length, 0), ids;
    const auto start = std::chrono::steady_clock::now();
    workspace.merge(symbols, table, ids);
    EXPECT_EQ(ids.size(), length / 1024);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double small = seconds(1 << 14);
  EXPECT_LT(seconds(1 << 20), small * 64 * 12 + 0.5);  // quadratic would be 64 times 64
}

TEST(MergeTable, KeepsTheLastOfEqualPairs) {
  MergeTable table;
  for (uint32_t i = 0; i < 1000; ++i) table.add(i, i + 1, {i, 2 * i});
  table.add(5, 6, {77, 8});
  EXPECT_EQ(table.find(5, 6).rank, 77);
  EXPECT_EQ(table.find(999, 1000).result, 1998);
  EXPECT_EQ(table.find(6, 5).rank, MergeTable::kNever);
}

}  // namespace
}  // namespace echelon::tokenizer
