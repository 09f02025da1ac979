// Tables as they are opened for training: the same on any number of ranks.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "common/random.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/table/tables.h"
#include "table/encoder_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OpenTablesTest : public testing::Test {
 protected:
  config::InputPath write(const std::string& name, const std::string& text) {
    write_file_atomically(folder_ / name, text);
    return {folder_ / name};
  }
  /// Rows a, b, kind, y.
  std::string some_rows(int64_t rows, uint64_t seed) {
    RandomStream random(seed);
    std::string text = "a,b,kind,y\n";
    for (int64_t i = 0; i < rows; ++i) {
      const uint64_t kind = random.below(5);
      text += str_format("{},{},{},{}\n", random.normal() * 3 + 7, random.below(1000),
                         kind == 4 ? std::string("") : str_format("kind {}", kind), random.normal());
    }
    return text;
  }
  TableSettings settings() {
    TableSettings settings;
    settings.train = {write("one.csv", some_rows(300, 1)), write("two.csv", some_rows(211, 2))};
    settings.test = {write("test.csv", some_rows(50, 3))};
    settings.features = {{"a", {}},
                         {"b", {.kind = table::FeatureKind::kInteger}},
                         {"kind", {.kind = table::FeatureKind::kCategorical}}};
    settings.target = {.column = "y", .kind = table::TargetKind::kNumber};
    return settings;
  }
  /// What opening and loading everything says.
  static std::string refusal(const TableSettings& settings, Split split = Split::kTrain) {
    try {
      const auto dataset = open_dataset(settings, {.split = split});
      Batch batch = dataset->allocate(dataset->size(), at::kFloat, false);
      for (int64_t i = 0; i < dataset->size(); ++i) dataset->load(i, 0, batch, i);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kData);
      return error.what();
    }
    return "accepted";
  }
  TableSettings with_train(const std::string& text, const std::string& name = "bad.csv") {
    TableSettings changed = settings();
    changed.train = {write(name, text)};
    return changed;
  }
  TemporaryFolder folder_;
};

struct Seen {
  std::string encoder;
  std::vector<at::Tensor> numbers, categories, targets;  ///< of two steps, by rank
};

/// Two steps of 24 rows as `ranks` ranks see them, rank after rank.
Seen two_steps(const DataSettings& settings, int ranks) {
  std::vector<Seen> by_rank(static_cast<size_t>(ranks));
  run_ranks(ranks, [&](Communicator& comm) {
    OpenRequest request{.communicator = &comm};
    request.tables = std::make_shared<const Tables>(std::get<TableSettings>(settings), request);
    const auto dataset = open_dataset(settings, request);
    LoaderOptions options = loader_options(settings);
    options.global_batch = 24;
    options.micro_batch = 24 / ranks;
    options.rank = comm.rank();
    options.world_size = ranks;
    TrainLoader loader(dataset, options, 0);
    Seen& seen = by_rank[static_cast<size_t>(comm.rank())];
    seen.encoder = table::render_encoder(request.tables->encoder());
    for (int step = 0; step < 2; ++step) {
      const Batch batch = loader.next();
      seen.numbers.push_back(batch.inputs.at("features"));
      seen.categories.push_back(batch.inputs.at("categories"));
      seen.targets.push_back(batch.target);
    }
  });
  Seen all{.encoder = by_rank[0].encoder};
  for (size_t step = 0; step < 2; ++step) {
    for (const Seen& seen : by_rank) {
      EXPECT_EQ(seen.encoder, all.encoder);
      all.numbers.push_back(seen.numbers[step]);
      all.categories.push_back(seen.categories[step]);
      all.targets.push_back(seen.targets[step]);
    }
  }
  return all;
}

TEST_F(OpenTablesTest, AnyNumberOfRanksGivesTheSameBatches) {
  for (const bool by_shards : {false, true}) {
    TableSettings table = settings();
    if (by_shards) table.shuffle.shards = 1;
    const Seen one = two_steps(table, 1);
    EXPECT_EQ(at::cat(one.numbers).sizes(), at::IntArrayRef({48, 2}));
    for (const int ranks : {2, 4}) {
      const Seen several = two_steps(table, ranks);
      EXPECT_EQ(several.encoder, one.encoder) << "to the last digit";
      EXPECT_TRUE(at::cat(several.numbers).equal(at::cat(one.numbers)));
      EXPECT_TRUE(at::cat(several.categories).equal(at::cat(one.categories)));
      EXPECT_TRUE(at::cat(several.targets).equal(at::cat(one.targets)));
    }
  }
}

TEST_F(OpenTablesTest, TheTestSplitIsEncodedAsTraining) {
  TableSettings table = settings();
  table.train = {write("train.csv", "a,kind,y\n0,x,1\n4,y,2\n")};
  table.test = {write("test.csv", "a,kind,y\n6,z,1\n2,y,2\n")};
  table.features.erase("b");
  const auto test = open_dataset(table, {.split = Split::kTest});
  Batch batch = test->allocate(2, at::kFloat, false);
  for (int64_t i = 0; i < 2; ++i) test->load(i, 0, batch, i);
  // Of 0 and 4 the mean is 2, the standard deviation 2; z is unknown.
  EXPECT_TRUE(batch.inputs.at("features").equal(at::tensor({2.0F, 0.0F}).unsqueeze(1)));
  EXPECT_TRUE(batch.inputs.at("categories").equal(at::tensor({0, 2}, at::kLong).unsqueeze(1)));
}

TEST_F(OpenTablesTest, SourcesAreMixedByWeight) {
  TableSettings table = settings();
  std::string few = "a,b,kind,y\n", many = few;
  for (int i = 0; i < 5; ++i) few += str_format("{},1,x,{}\n", i, i);
  for (int i = 0; i < 24; ++i) many += str_format("{},2,z,{}\n", 10 * i, 100 + i);
  table.train = {write("few.csv", few), write("many.csv", many)};
  const std::string encoder = table::render_encoder(Tables(table, {}).encoder());
  table.sources["few"].files = {table.train[0]};
  table.sources["few"].weight = 0.25;
  table.sources["many"].files = {table.train[1]};
  table.sources["many"].weight = 0.75;
  table.sources["many"].limit = 12;
  table.train.clear();
  EXPECT_EQ(table::render_encoder(Tables(table, {}).encoder()), encoder) << "weights change no statistics";

  LoaderOptions options = loader_options(table);
  options.global_batch = options.micro_batch = 4;
  TrainLoader loader(open_dataset(table, {}), options, 0);
  std::map<int64_t, int> seen;
  for (int step = 0; step < 40; ++step) {  // eight passes over the few, ten over a dozen of the many
    const Batch batch = loader.next();
    int from_few = 0;
    for (int64_t i = 0; i < 4; ++i) {
      const auto y = static_cast<int64_t>(batch.target[i].item<float>());
      from_few += y < 100 ? 1 : 0;
      ++seen[y];
    }
    EXPECT_EQ(from_few, 1) << "step " << step;
  }
  EXPECT_EQ(seen.size(), 5 + 12);
  for (const auto& [y, count] : seen) EXPECT_EQ(count, y < 100 ? 8 : 10) << "row with y = " << y;
}

TEST_F(OpenTablesTest, WithoutFeaturesEveryColumnIsOne) {
  TableSettings table = with_train("when,name,ok,y,n\n2024-02-28,x,true,red,1\n2024-02-29,y,false,blue,3\n");
  table.features.clear();
  table.target = {.column = "y"};
  const Tables tables(table, {});
  std::vector<std::string> seen;
  for (const table::EncodedFeature& feature : tables.encoder().features()) {
    seen.push_back(str_format("{} {}", feature.settings.column,
                              feature.settings.kind == table::FeatureKind::kFloat ? "number" : "category"));
  }
  EXPECT_THAT(seen, testing::ElementsAre("n number", "name category", "ok category", "when number"));
  EXPECT_EQ(tables.encoder().classes(), 2);
}

TEST_F(OpenTablesTest, AChangedTableIsEncodedAsItWasStored) {
  TableSettings table = settings();
  const Tables before(table, {});
  const StoredFeatures stored{table::render_encoder(before.encoder()), "step-1/features.json"};
  table.train = {write("one.csv", some_rows(500, 77))};
  EXPECT_EQ(table::render_encoder(Tables(table, {}, stored).encoder()), stored.text);
  EXPECT_NE(table::render_encoder(Tables(table, {}).encoder()), stored.text);
  table.features.at("a").standardise = false;
  try {
    const Tables refused(table, {}, stored);
    ADD_FAILURE() << "accepted";
  } catch (const CheckpointError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("step-1/features.json"), HasSubstr("of \"a\" standardise")));
  }
}

TEST_F(OpenTablesTest, BadInputIsNamed) {
  EXPECT_EQ(refusal(settings()), "accepted");
  EXPECT_EQ(refusal(settings(), Split::kTest), "accepted");
  EXPECT_THAT(refusal(with_train("a,b,kinds,y\n1,2,x,3\n")),
              AllOf(HasSubstr("bad.csv has no column \"kind\""), HasSubstr("did you mean \"kinds\"")));
  EXPECT_THAT(refusal(with_train("a,b,kind\n1,2,x\n")), HasSubstr("has no column \"y\""));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\nhigh,2,x,3\n")),
              AllOf(HasSubstr("column \"a\" holds string, which is no number"), HasSubstr("categorical")));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\n1,2.5,x,3\n")),
              HasSubstr("row 0, column \"b\": 2.5 is not a whole"));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\n1,2,x,3\n1,2,x,NaN\n")),
              HasSubstr("bad.csv, row 1, column \"y\": the target is missing"));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\n,2,x,3\n2,2,x,3\n")),
              HasSubstr("bad.csv, row 0, column \"a\": the value is missing"));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\n")), HasSubstr("holds no rows"));
  EXPECT_THAT(refusal(with_train("")), HasSubstr("is empty"));
  EXPECT_THAT(refusal(with_train("a,b,kind,y\n1,2,x,3\n1,2,3\n")), HasSubstr("line 3"));
  TableSettings one_class = with_train("a,b,kind,y\n1,2,x,3\n");
  one_class.target.kind = table::TargetKind::kClass;
  EXPECT_THAT(refusal(one_class), HasSubstr("has 1 class; at least two are needed"));
}

TEST_F(OpenTablesTest, SkippedRowsAndFilesAreCounted) {
  TableSettings table = with_train("a,b,kind,y\n1,2,x,3\n2,3,x,\n3,4,y,5\n");
  table.train.push_back(write("damaged.csv", "a,b,kind,y\n1,2,x,3\n1,2\n"));
  table.train.push_back(write("empty.csv", ""));
  table.on_error = OnError::kSkip;
  run_ranks(2, [&](Communicator& comm) {
    const auto dataset = open_dataset(table, {.communicator = &comm});
    EXPECT_EQ(dataset->size(), 3);
    EXPECT_EQ(dataset->left_out(), 2) << "two files: neither can be opened";
    LoaderOptions options = loader_options(table);
    options.global_batch = 3;
    options.micro_batch = 3;
    options.shuffle.enabled = false;
    TrainLoader loader(dataset, options, 0);
    EXPECT_TRUE(loader.next().target.equal(at::tensor({3.0F, 5.0F, 5.0F}))) << "the next takes its place";
    EXPECT_EQ(loader.skipped(), 1);
  });
}

}  // namespace
}  // namespace echelon::data
