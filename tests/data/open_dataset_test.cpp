#include "data/open_dataset.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "comm/local/local.h"
#include "common/error.h"
#include "data/loader.h"
#include "data/support/golden.h"
#include "data/support/tar_writer.h"
#include "data/text/token_shard.h"
#include "storage/support/compress.h"
#include "temporary_folder.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

class OpenDatasetTest : public testing::Test {
 protected:
  config::InputPath write(const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_bytes(path, bytes);
    return {path};
  }
  static std::string image(const std::string& name) {
    return read_file(ECHELON_SOURCE_DIR "/tests/image/golden/" + name);
  }
  static std::vector<std::vector<int64_t>> rows(const at::Tensor& tensor) {
    std::vector<std::vector<int64_t>> found;
    for (int64_t i = 0; i < tensor.size(0); ++i) {
      const auto* row = tensor[i].const_data_ptr<int64_t>();
      found.emplace_back(row, row + tensor.size(1));
    }
    return found;
  }
  static std::string refusal(const DataSettings& settings, int64_t limit) {
    try {
      const auto dataset = open_dataset(settings, {.model = {.limit = limit}});
      Batch batch = dataset->allocate(dataset->size(), at::kFloat, false);
      for (int64_t i = 0; i < dataset->size(); ++i) dataset->load(i, 0, batch, i);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kData);
      return error.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
};

TEST_F(OpenDatasetTest, ImagesFromShardsReachTheBatch) {
  ImageSettings settings;
  settings.train = {write("a.tar", tar_entry("0.png", image("colour.png")) + tar_entry("0.cls", "3") +
                                       tar_entry("1.jpg", image("grey.jpg")) + tar_entry("1.cls", "1") +
                                       tar_end())};
  settings.size = 32;
  settings.shuffle.enabled = false;
  settings.threads = 2;
  const auto dataset = open_dataset(settings, {.model = {.limit = 4}});
  LoaderOptions options = loader_options(settings);
  options.global_batch = options.micro_batch = 2;
  options.dtype = at::kDouble;
  TrainLoader loader(dataset, options, 0);
  const Batch batch = loader.next();
  EXPECT_EQ(batch.samples, 2);
  EXPECT_EQ(batch.inputs.at("image").sizes(), (at::IntArrayRef{2, 3, 32, 32}));
  EXPECT_EQ(batch.inputs.at("image").scalar_type(), at::kDouble);
  EXPECT_EQ(batch.target[0].item<int64_t>(), 3);
  EXPECT_EQ(batch.target[1].item<int64_t>(), 1);
  const at::Tensor grey = batch.inputs.at("image")[1];
  EXPECT_TRUE(grey[0].equal(grey[2]));
  EXPECT_EQ(open_dataset(settings, {.split = Split::kTest, .model = {.limit = 4}}), nullptr);
}

TEST_F(OpenDatasetTest, ACorruptImageIsNamedOrSkipped) {
  ImageSettings settings;
  const std::string half = image("colour.jpg").substr(0, 1200);
  settings.train = {write("a.tar", tar_entry("x/0.png", image("colour.png")) + tar_entry("x/0.cls", "0") +
                                       tar_entry("x/1.jpg", half) + tar_entry("x/1.cls", "1") + tar_end())};
  settings.size = 16;
  EXPECT_THAT(refusal(settings, 2), HasSubstr("a.tar, offset 6656, key \"x/1\": corrupt JPEG: "));
  settings.on_error = OnError::kSkip;
  EvaluationLoader loader(open_dataset(settings, {.model = {.limit = 2}}), loader_options(settings));
  int64_t samples = 0;
  for (int64_t i = 0; i < loader.batches(); ++i) samples += loader.next().samples;
  EXPECT_EQ(samples, 1);
  EXPECT_EQ(loader.skipped(), 1);
}

TEST_F(OpenDatasetTest, TheTargetsOfImagesComeWithoutDecoding) {
  ImageSettings settings;
  settings.train = {write("a.tar", tar_entry("x/1.jpg", "no image") + tar_entry("x/1.cls", "1") + tar_end())};
  const auto dataset = open_dataset(settings, {.model = {.limit = 2}});
  const auto targets = dataset->targets();
  ASSERT_EQ(targets->size(), 1);
  Batch batch = targets->allocate(1, at::kFloat, false);
  targets->load(0, 0, batch, 0);
  EXPECT_EQ(batch.target.item<int64_t>(), 1);
  EXPECT_TRUE(batch.inputs.empty());
  Batch whole = dataset->allocate(1, at::kFloat, false);
  EXPECT_THROW(dataset->load(0, 0, whole, 0), DataError);
}

TEST_F(OpenDatasetTest, TestFoldersUseTheClassesOfTheTrainingFolders) {
  for (const char* name : {"train/ant/0.png", "train/bee/0.png", "train/cat/0.png", "test/cat/0.png"}) {
    write(name, image("grey.png"));
  }
  ImageSettings settings;
  settings.train = {{folder_ / "train"}};
  settings.test = {{folder_ / "test"}};
  settings.size = 8;
  settings.channels = 1;
  const auto test = open_dataset(settings, {.split = Split::kTest, .model = {.limit = 3}});
  ASSERT_EQ(test->size(), 1);
  Batch batch = test->allocate(1, at::kFloat, false);
  test->load(0, 0, batch, 0);
  EXPECT_EQ(batch.target.item<int64_t>(), 2);
  settings.train.push_back({folder_ / "test"});
  EXPECT_THAT(refusal(settings, 3), HasSubstr("one folder with a folder for each class"));
}

TEST_F(OpenDatasetTest, ClassesAreThoseOfAllSources) {
  for (const char* name : {"one/ant/0.png", "one/cat/0.png", "two/bee/0.png", "two/cat/0.png"})
    write(name, image("grey.png"));
  ImageSettings settings;
  settings.size = 8;
  settings.sources["first"].files = {{folder_ / "one"}};
  settings.sources["second"].files = {{folder_ / "two"}};
  const auto dataset = open_dataset(settings, {.model = {.limit = 3}});
  ASSERT_EQ(dataset->size(), 4);
  EXPECT_TRUE(dataset->sources().empty()) << "without weights all samples count alike";
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 4; ++i) labels.push_back(dataset->label(i).value());
  EXPECT_THAT(labels, ElementsAre(0, 2, 1, 2));
  const auto targets = dataset->targets();
  Batch batch = targets->allocate(1, at::kFloat, false);
  targets->load(2, 0, batch, 0);
  EXPECT_EQ(batch.target.item<int64_t>(), 1);
}

TEST_F(OpenDatasetTest, SourcesAreMixedByWeightAndLimited) {
  TextSettings settings;
  settings.sequence_length = 1;
  settings.sources["letters"].files = {write("letters.txt", "abcdefghijk")};
  settings.sources["letters"].weight = 3;
  settings.sources["digits"].files = {write("digits.txt", "0123456789")};
  settings.sources["digits"].weight = 1;
  settings.sources["digits"].limit = 4;
  const auto dataset = open_dataset(settings, {.model = {.limit = 256}, .seed = 5});
  ASSERT_EQ(dataset->sources().size(), 2);
  EXPECT_EQ(dataset->sources()[0].name, "digits");
  EXPECT_EQ(dataset->sources()[0].samples, 4);
  EXPECT_EQ(dataset->sources()[1].samples, 10);
  LoaderOptions options = loader_options(settings);
  options.global_batch = options.micro_batch = 4;
  TrainLoader loader(dataset, options, 0);
  std::map<int64_t, int> seen;
  for (int step = 0; step < 40; ++step) {  // twelve passes over the letters, ten over the digits
    for (const std::vector<int64_t>& row : rows(loader.next().inputs.at("tokens"))) ++seen[row[0]];
  }
  EXPECT_EQ(seen.size(), 14);
  for (const auto& [token, count] : seen) EXPECT_EQ(count, token < 'a' ? 10 : 12) << "token " << token;
}

TEST_F(OpenDatasetTest, BytesOfATextAreSplitByRange) {
  TextSettings settings;
  settings.train = settings.test = {write("t.txt", "abcdefghijklmnopqrst")};
  settings.train_range = {0.0, 0.5};
  settings.test_range = {0.5, 1.0};
  settings.sequence_length = 3;
  const auto train = open_dataset(settings, {.model = {.limit = 256}});
  ASSERT_EQ(train->size(), 3);  // (10 - 1) / 3
  Batch batch = train->allocate(3, at::kFloat, false);
  for (int64_t i = 0; i < 3; ++i) train->load(i, 0, batch, i);
  EXPECT_THAT(
      rows(batch.inputs.at("tokens")),
      ElementsAre(ElementsAre('a', 'b', 'c'), ElementsAre('d', 'e', 'f'), ElementsAre('g', 'h', 'i')));
  EXPECT_THAT(rows(batch.target), ElementsAre(ElementsAre('b', 'c', 'd'), ElementsAre('e', 'f', 'g'),
                                              ElementsAre('h', 'i', 'j')));
  const auto test = open_dataset(settings, {.split = Split::kTest, .model = {.limit = 256}});
  ASSERT_EQ(test->size(), 3);
  test->load(0, 0, batch, 0);
  EXPECT_EQ(batch.inputs.at("tokens")[0][0].item<int64_t>(), 'k');
  EXPECT_THAT(refusal(settings, 'd'),
              HasSubstr("t.txt, offset 3: token 100 lies outside the vocabulary of 100"));
  settings.sequence_length = 10;
  EXPECT_THAT(refusal(settings, 256),
              HasSubstr("no text is long enough for one sample of 10 tokens and the one after them"));
}

TEST_F(OpenDatasetTest, SamplesNeverCrossFromOneShardIntoTheNext) {
  TextSettings settings;
  settings.sequence_length = 2;
  const auto shard = [&](const std::string& name, const std::vector<uint32_t>& tokens) {
    write_token_shard(folder_ / name, tokens, 100);
    settings.train.push_back({folder_ / name});
  };
  shard("0.tokens", {1, 2, 3, 4});
  shard("1.tokens", {5});  // too short for any sample
  shard("2.tokens", {6, 7, 8, 9, 10});
  const auto dataset = open_dataset(settings, {.model = {.limit = 100}});
  ASSERT_EQ(dataset->size(), 3);
  Batch batch = dataset->allocate(3, at::kFloat, false);
  for (int64_t i = 0; i < 3; ++i) dataset->load(i, 0, batch, i);
  EXPECT_THAT(rows(batch.inputs.at("tokens")),
              ElementsAre(ElementsAre(1, 2), ElementsAre(6, 7), ElementsAre(8, 9)));
  EXPECT_THAT(rows(batch.target), ElementsAre(ElementsAre(2, 3), ElementsAre(7, 8), ElementsAre(9, 10)));
  EXPECT_THAT(refusal(settings, 99), HasSubstr("a vocabulary of 100 does not fit the model's of 99"));
}

TEST_F(OpenDatasetTest, DamagedTextsAreNamedOrLeftOut) {
  TextSettings settings;
  settings.sequence_length = 2;
  settings.train = {write("0.txt", "hello"), write("1.txt", "")};
  EXPECT_THAT(refusal(settings, 256), HasSubstr("1.txt: the file is empty"));
  settings.on_error = OnError::kSkip;
  const auto dataset = open_dataset(settings, {.model = {.limit = 256}});
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->left_out(), 1);
}

// The cache of one node has no room for a file that the others can open: none reads it, or samples would have
// other numbers there.
TEST_F(OpenDatasetTest, WhatOneRankCannotOpenAllLeaveOut) {
  TextSettings settings;
  settings.sequence_length = 2;
  settings.on_error = OnError::kSkip;
  const std::string large(200'000, 'x');
  settings.train = {write("0.txt", "hello"), write("1.txt.gz", storage::gzip(large)),
                    write("2.txt", "world")};
  std::atomic<int> checked = 0;
  run_ranks(3, [&](Communicator& communicator) {
    OpenRequest request{.model = {.limit = 256}, .communicator = &communicator};
    storage::StorageSettings own;
    own.cache = {.folder = (folder_ / str_format("cache {}", communicator.rank())).string(),
                 .max_gb = communicator.rank() == 2 ? 0.0001 : 1};
    request.storage = std::make_shared<storage::Storage>(own);
    const auto dataset = open_dataset(settings, request);
    EXPECT_EQ(dataset->size(), 4);
    EXPECT_EQ(dataset->left_out(), 1);
    Batch batch = dataset->allocate(4, at::kFloat, false);
    for (int64_t i = 0; i < 4; ++i) dataset->load(i, 0, batch, i);
    EXPECT_EQ(rows(batch.inputs.at("tokens"))[2], (std::vector<int64_t>{'w', 'o'}));
    ++checked;
  });
  EXPECT_EQ(checked, 3);
}

std::vector<int64_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

TEST_F(OpenDatasetTest, JsonLinesAreDocumentsEachInItsPlace) {
  TextSettings settings;
  settings.sequence_length = 8;
  settings.packing = Packing::kNone;
  settings.end_of_document = ".";
  settings.train = {write("t.jsonl", R"({"text": "abc"}

{"id": 7, "text": "defghijklmn"}
)")};
  const auto dataset = open_dataset(settings, {.model = {.limit = 256, .document_starts = true}});
  ASSERT_EQ(dataset->size(), 3);  // the second document is too long for one sample
  EXPECT_TRUE(dataset->ignores_targets());
  Batch batch = dataset->allocate(3, at::kFloat, false);
  for (int64_t i = 0; i < 3; ++i) dataset->load(i, 0, batch, i);
  constexpr int64_t kNo = kIgnoredTarget;
  EXPECT_THAT(rows(batch.inputs.at("tokens")),
              ElementsAre(bytes_of(std::string("abc\0\0\0\0\0", 8)), bytes_of("defghijk"),
                          bytes_of(std::string("lmn\0\0\0\0\0", 8))));
  EXPECT_THAT(rows(batch.target), ElementsAre(ElementsAre('b', 'c', '.', kNo, kNo, kNo, kNo, kNo),
                                              ElementsAreArray(bytes_of("efghijkl")),
                                              ElementsAre('m', 'n', '.', kNo, kNo, kNo, kNo, kNo)));
  EXPECT_THAT(rows(batch.inputs.at("document_starts")),
              ElementsAre(ElementsAre(0, 0, 0, 3, 4, 5, 6, 7), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0),
                          ElementsAre(0, 0, 0, 3, 4, 5, 6, 7)));
}

TEST_F(OpenDatasetTest, AStreamCrossesDocumentsAndTellsWhereTheyBegin) {
  TextSettings settings;
  settings.sequence_length = 4;
  settings.train = {write("t.jsonl", "{\"text\": \"ab\"}\n{\"text\": \"cde\"}\n{\"text\": \"fghi\"}")};
  const auto dataset = open_dataset(settings, {.model = {.limit = 256, .document_starts = true}});
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_FALSE(dataset->ignores_targets());
  Batch batch = dataset->allocate(2, at::kFloat, false);
  for (int64_t i = 0; i < 2; ++i) dataset->load(i, 0, batch, i);
  EXPECT_THAT(rows(batch.inputs.at("tokens")), ElementsAre(bytes_of("abcd"), bytes_of("efgh")));
  EXPECT_THAT(rows(batch.target), ElementsAre(bytes_of("bcde"), bytes_of("fghi")));
  EXPECT_THAT(rows(batch.inputs.at("document_starts")),
              ElementsAre(ElementsAre(0, 0, 2, 2), ElementsAre(0, 1, 1, 1)));
}

TEST_F(OpenDatasetTest, OnlyResponsesAreLearned) {
  TextSettings settings;
  settings.sequence_length = 8;
  settings.packing = Packing::kDocuments;
  settings.instruction = {.prompt = "{q}={{", .response = "{a}}}"};
  settings.train = {write("t.jsonl", R"({"q": "1+1", "a": 2})")};
  const auto dataset = open_dataset(settings, {.model = {.limit = 256}});
  ASSERT_EQ(dataset->size(), 1);
  Batch batch = dataset->allocate(1, at::kFloat, false);
  dataset->load(0, 0, batch, 0);
  constexpr int64_t kNo = kIgnoredTarget;
  EXPECT_THAT(rows(batch.inputs.at("tokens")), ElementsAre(bytes_of(std::string("1+1={2\0\0", 8))));
  EXPECT_THAT(rows(batch.target), ElementsAre(ElementsAre(kNo, kNo, kNo, kNo, '2', '}', kNo, kNo)));
}

TEST_F(OpenDatasetTest, DamagedLinesAreNamedOrLeftOut) {
  TextSettings settings;
  settings.sequence_length = 2;
  settings.packing = Packing::kNone;
  const auto problem = [&](const std::string& line) {
    settings.train = {write("t.jsonl", "{\"text\": \"abc\"}\n" + line + "\n{\"text\": \"xyz\"}\n")};
    return refusal(settings, 256);
  };
  EXPECT_THAT(problem("{\"text\": "), HasSubstr("t.jsonl, line 2: malformed JSON"));
  EXPECT_THAT(problem("[1]"), HasSubstr("line 2: a JSON object is expected"));
  EXPECT_THAT(problem("{\"texts\": \"\"}"), HasSubstr("line 2: there is no member \"text\""));
  EXPECT_THAT(problem("{\"text\": null}"), HasSubstr("line 2: member \"text\" is no text"));
  settings.on_error = OnError::kSkip;
  const auto dataset = open_dataset(settings, {.model = {.limit = 256}});
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->left_out(), 1);
}

TEST_F(OpenDatasetTest, RanksShareTheTokenizing) {
  TextSettings settings;
  settings.sequence_length = 3;
  settings.tokenizer = {ECHELON_SOURCE_DIR "/tests/tokenizer/golden/plain.json"};
  const std::vector<std::string> texts{"the thing there was nothing", "it's 1893 and the sea was calm",
                                       "ship's crew"};
  std::vector<int64_t> expected;
  for (size_t i = 0; i < texts.size(); ++i) {
    settings.train.push_back(write(str_format("{}.txt", i), texts[i]));
    const auto tokens = tokenizer::load_tokenizer(settings.tokenizer->path)->encode(texts[i]);
    const size_t whole = (tokens.size() - 1) / 3 * 3;
    expected.insert(expected.end(), tokens.begin(), tokens.begin() + static_cast<int64_t>(whole));
  }
  run_ranks(2, [&](Communicator& communicator) {
    const auto dataset = open_dataset(settings, {.model = {.limit = 1000}, .communicator = &communicator});
    ASSERT_EQ(dataset->size() * 3, static_cast<int64_t>(expected.size()));
    Batch batch = dataset->allocate(dataset->size(), at::kFloat, false);
    for (int64_t i = 0; i < dataset->size(); ++i) dataset->load(i, 0, batch, i);
    EXPECT_TRUE(batch.inputs.at("tokens").flatten().equal(at::tensor(expected, at::kLong)));
  });
  EXPECT_THAT(refusal(settings, 100), HasSubstr("does not fit the model's of 100"));
  settings.train.push_back(write("bad.txt", "ab\xff"));
  EXPECT_THAT(refusal(settings, 1000), HasSubstr("bad.txt: byte 2 is no valid UTF-8"));
}

}  // namespace
}  // namespace echelon::data
