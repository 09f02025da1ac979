#include "data/text/pairs.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "data/text/token_shard.h"

namespace echelon::data {
namespace {

constexpr int64_t kIgnored = kIgnoredTarget;

struct TestDocument {
  std::vector<uint32_t> read, predicted;
};

TokenSequence text_of(const std::vector<TestDocument>& documents, bool with_targets = true) {
  TokenShardBuilder shard;
  for (const TestDocument& document : documents) {
    std::vector<uint32_t> tokens = document.read;
    tokens.insert(tokens.end(), document.predicted.begin(), document.predicted.end());
    std::vector<bool> is_target(document.read.size(), false);
    is_target.resize(tokens.size(), true);
    if (!with_targets) is_target.clear();
    shard.add_document(tokens, is_target);
  }
  return TokenSequence::from_tokenizer("test", shard.bytes(100, "test"));
}

std::vector<int64_t> values(const at::Tensor& row) {
  return {row.const_data_ptr<int64_t>(), row.const_data_ptr<int64_t>() + row.numel()};
}

/// Loads sample `index` into the second of two rows.
struct Sample {
  Sample(const PairDataset& dataset, int64_t index) : batch(dataset.allocate(2, at::kFloat, false)) {
    dataset.load(index, 0, batch, 1);
  }
  std::vector<int64_t> input(const std::string& name) const { return values(batch.inputs.at(name)[1]); }
  std::vector<int64_t> target() const { return values(batch.target[1]); }
  Batch batch;
};

PairDataset dataset_of(const std::vector<TestDocument>& documents, TextRange range = {}) {
  std::vector<TokenSequence> texts;
  texts.push_back(text_of(documents));
  return {std::move(texts), range, {.source_length = 4, .length = 3, .start_id = 9, .vocabulary = 100}};
}

using testing::ElementsAre;

TEST(Pairs, ReadOnePartAndPredictTheOther) {
  const PairDataset dataset = dataset_of({{{11, 12}, {21, 22}}, {{13}, {23}}});
  ASSERT_EQ(dataset.size(), 2);
  const Sample first(dataset, 0), second(dataset, 1);
  EXPECT_THAT(first.input("source"), ElementsAre(11, 12, 0, 0));
  EXPECT_THAT(first.input("source_starts"), ElementsAre(0, 0, 2, 3));
  EXPECT_THAT(first.input("tokens"), ElementsAre(9, 21, 0));
  EXPECT_THAT(first.target(), ElementsAre(21, 22, kIgnored));
  EXPECT_THAT(second.input("source"), ElementsAre(13, 0, 0, 0));
  EXPECT_THAT(second.input("tokens"), ElementsAre(9, 0, 0));
  EXPECT_THAT(second.target(), ElementsAre(23, kIgnored, kIgnored));
}

TEST(Pairs, AreCutWhereTheyAreTooLong) {
  const Sample sample(dataset_of({{{1, 2, 3, 4, 5, 6}, {11, 12, 13, 14}}}), 0);
  EXPECT_THAT(sample.input("source"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(sample.input("source_starts"), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(sample.input("tokens"), ElementsAre(9, 11, 12));
  EXPECT_THAT(sample.target(), ElementsAre(11, 12, 13));
}

TEST(Pairs, MayLackOneOfTheParts) {
  const PairDataset dataset = dataset_of({{{}, {11}}, {{5}, {}}});
  const Sample no_source(dataset, 0), no_response(dataset, 1);
  EXPECT_THAT(no_source.input("source"), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(no_source.input("source_starts"), ElementsAre(0, 1, 2, 3)) << "one token is seen";
  EXPECT_THAT(no_response.input("tokens"), ElementsAre(9, 0, 0));
  EXPECT_THAT(no_response.target(), ElementsAre(kIgnored, kIgnored, kIgnored));
}

TEST(Pairs, BelongToTheRangeInWhichTheyBegin) {
  std::vector<TestDocument> documents;
  for (uint32_t i = 0; i < 10; ++i) documents.push_back({{i}, {50 + i, 50 + i, 50 + i}});
  const PairDataset first = dataset_of(documents, {0, 0.55}), second = dataset_of(documents, {0.55, 1});
  EXPECT_EQ(first.size(), 6) << "documents begin at 0, 0.1, … 0.5";
  EXPECT_EQ(second.size(), 4);
  EXPECT_EQ(Sample(second, 0).input("source")[0], 6);
}

TEST(Pairs, NeedTargetsAndDocuments) {
  std::vector<TokenSequence> texts;
  texts.push_back(text_of({{{1}, {2}}}, /*with_targets=*/false));
  EXPECT_THROW(PairDataset(std::move(texts), {}, {.source_length = 1, .length = 1, .vocabulary = 9}),
               DataError);
  EXPECT_THROW(dataset_of({{{1}, {2}}}, {0.9, 1}), DataError);
}

}  // namespace
}  // namespace echelon::data
