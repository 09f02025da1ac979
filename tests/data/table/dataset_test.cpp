#include "data/table/dataset.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/error.h"
#include "common/format.h"
#include "table/memory_table.h"

namespace echelon::data {
namespace {

using table::doubles;
using table::FeatureKind;
using table::MemoryTable;
using table::TargetKind;
using table::texts;
using testing::ElementsAre;
using testing::HasSubstr;

/// Counts how often its blocks are read.
class CountingTable final : public MemoryTable {
 public:
  std::vector<table::Column> read(int64_t block, std::span<const std::string> columns) const override {
    ++reads;
    if (block == broken) throw DataError("x.csv, row group 1: broken");
    return MemoryTable::read(block, columns);
  }
  mutable std::atomic<int> reads = 0;
  int64_t broken = -1;
};

/// x of row i is i, its colour the i-th of red, green, blue, red, …; the target 10 · i.
std::shared_ptr<CountingTable> some_table(const std::vector<int64_t>& blocks) {
  static const char* const colours[] = {"red", "green", "blue"};
  auto file = std::make_shared<CountingTable>();
  std::vector<table::Column> x, colour, target;
  int64_t row = 0;
  for (const int64_t rows : blocks) {
    std::vector<double> numbers, targets;
    std::vector<std::string> names;
    for (int64_t i = 0; i < rows; ++i, ++row) {
      numbers.push_back(static_cast<double>(row));
      targets.push_back(static_cast<double>(10 * row));
      names.emplace_back(colours[row % 3]);
    }
    x.push_back(doubles(numbers));
    colour.push_back(texts(names));
    target.push_back(doubles(targets));
  }
  file->add("x", x);
  file->add("colour", colour);
  file->add("y", target);
  return file;
}

std::shared_ptr<const table::FeatureEncoder> encoder_of(const table::TableFile& file,
                                                        table::TargetSettings target) {
  table::FeatureFit fit(
      {{.column = "colour", .kind = FeatureKind::kCategorical}, {.column = "x", .standardise = false}},
      std::move(target));
  for (size_t i = 0; i < file.blocks().size(); ++i) fit.add(file, static_cast<int64_t>(i));
  return std::make_shared<table::FeatureEncoder>(fit);
}

std::vector<TableBlock> blocks_of(const std::shared_ptr<CountingTable>& file) {
  std::vector<TableBlock> blocks;
  for (size_t i = 0; i < file->blocks().size(); ++i) blocks.push_back({file, static_cast<int64_t>(i)});
  return blocks;
}

Batch load_all(const Dataset& dataset, at::ScalarType type = at::kFloat) {
  Batch batch = dataset.allocate(dataset.size(), type, false);
  for (int64_t i = 0; i < dataset.size(); ++i) dataset.load(i, 0, batch, i);
  return batch;
}

TEST(TableDataset, RowsReachTheBatch) {
  const auto file = some_table({2, 3});
  const TableDataset dataset(blocks_of(file), encoder_of(*file, {.column = "y", .kind = TargetKind::kNumber}),
                             {});
  EXPECT_EQ(dataset.size(), 5);
  EXPECT_THAT(dataset.blocks(), ElementsAre(0, 2));
  EXPECT_EQ(dataset.bytes_a_row(), 12);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Batch batch = load_all(dataset, type);
    EXPECT_EQ(batch.inputs.at("features").scalar_type(), type);
    EXPECT_TRUE(batch.inputs.at("features").equal(at::arange(5, type).unsqueeze(1)));
    // blue, green and red are 1, 2 and 3.
    EXPECT_TRUE(batch.inputs.at("categories").equal(at::tensor({3, 2, 1, 3, 2}, at::kLong).unsqueeze(1)));
    EXPECT_TRUE(batch.target.equal(at::arange(5, type) * 10));
  }
  EXPECT_EQ(dataset.label(0), std::nullopt);
}

TEST(TableDataset, ClassesAreKnownWithoutLoading) {
  const auto file = some_table({2, 3});
  const TableDataset dataset(blocks_of(file), encoder_of(*file, {.column = "colour"}), {});
  EXPECT_TRUE(load_all(dataset).target.equal(at::tensor({2, 1, 0, 2, 1}, at::kLong)));
  EXPECT_EQ(dataset.label(2), 0);
  const auto targets = dataset.targets();
  const Batch batch = load_all(*targets);
  EXPECT_TRUE(batch.inputs.empty());
  EXPECT_TRUE(batch.target.equal(at::tensor({2, 1, 0, 2, 1}, at::kLong)));
}

TEST(TableDataset, KeepsWhatMemoryHolds) {
  const auto file = some_table({100, 100, 100, 100});
  const auto encoder = encoder_of(*file, {.column = "y", .kind = TargetKind::kNumber});
  const TableDataset roomy(blocks_of(file), encoder, {}),
      tight(blocks_of(file), encoder, {.memory_bytes = 1});
  file->reads = 0;
  const Batch expected = load_all(roomy);
  load_all(roomy);
  EXPECT_EQ(file->reads, 4) << "each block is read once";
  file->reads = 0;
  const Batch again = load_all(tight);
  EXPECT_EQ(file->reads, 4) << "from front to back one block at a time is enough";
  load_all(tight);
  EXPECT_EQ(file->reads, 8);
  EXPECT_TRUE(again.inputs.at("features").equal(expected.inputs.at("features")));
  EXPECT_TRUE(again.inputs.at("categories").equal(expected.inputs.at("categories")));
}

TEST(TableDataset, ThreadsGetTheSameRows) {
  const auto file = some_table(std::vector<int64_t>(16, 50));
  const auto encoder = encoder_of(*file, {.column = "y", .kind = TargetKind::kNumber});
  const TableDataset dataset(blocks_of(file), encoder, {.memory_bytes = 3000});
  const Batch expected = load_all(dataset);
  Batch batch = dataset.allocate(dataset.size(), at::kFloat, false);
  std::vector<std::thread> threads;
  for (int64_t part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] {
      for (int64_t i = part; i < dataset.size(); i += 4) {
        const int64_t row = (i * 37) % dataset.size();  // 800 and 37 have no common divisor
        dataset.load(row, 0, batch, row);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(batch.inputs.at("features").equal(expected.inputs.at("features")));
  EXPECT_TRUE(batch.target.equal(expected.target));
}

TEST(TableDataset, BadRowsAndBlocksAreNamed) {
  const auto file = some_table({2, 3, 2});
  const auto encoder = encoder_of(*file, {.column = "y", .kind = TargetKind::kNumber});
  file->add("x", {doubles({0, NAN}), doubles({2, 3, 4}), doubles({5, 6})});
  file->broken = 1;
  const TableDataset dataset(blocks_of(file), encoder, {});
  Batch batch = dataset.allocate(1, at::kFloat, false);
  file->reads = 0;
  std::vector<std::string> problems;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    try {
      dataset.load(i, 0, batch, 0);
      problems.push_back("");
    } catch (const DataError& error) {
      problems.push_back(error.what());
    }
  }
  EXPECT_THAT(problems, ElementsAre("", HasSubstr("x.csv, row 1, column \"x\": the value is missing"),
                                    HasSubstr("broken"), HasSubstr("broken"), HasSubstr("broken"), "", ""));
  EXPECT_EQ(file->reads, 3) << "what is broken is not read for each of its rows";
}

}  // namespace
}  // namespace echelon::data
