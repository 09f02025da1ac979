#include "data/image/sample_fields.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/file.h"
#include "config/config.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/support/tar_writer.h"
#include "image/decoder.h"
#include "temporary_folder.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {

struct FieldsJob {
  DataSettings data;
};
void describe(config::Fields<FieldsJob>& f) {
  f.add("data", &FieldsJob::data, "What is trained on.").required();
}

namespace {

using testing::HasSubstr;

const std::string kTokenizer = ECHELON_SOURCE_DIR "/tests/tokenizer/golden/plain.json";

class SampleFieldsTest : public testing::Test {
 protected:
  static std::string image() { return read_file(ECHELON_SOURCE_DIR "/tests/image/golden/colour.png"); }

  /// A shard of one sample with these files besides image and class.
  void write_sample(const std::map<std::string, std::string>& files) {
    std::string shard = tar_entry("a/7.cls", "1");
    for (const auto& [extension, content] : files) shard += tar_entry("a/7." + extension, content);
    write_bytes(folder_ / "a.tar", shard + tar_entry("a/7.png", image()) + tar_end());
  }

  std::shared_ptr<const Dataset> open(const std::string& fields, const std::string& more = "") {
    write_bytes(
        folder_ / "job.yaml",
        str_format("data: {{name: images, train: a.tar, size: 24, fields: {{{}}}{}}}\n", fields, more));
    settings_ = config::load<FieldsJob>(folder_ / "job.yaml").value.data;
    return open_dataset(settings_, {.model = {.limit = 2}});
  }

  Batch load(const std::string& fields, at::ScalarType dtype = at::kFloat, const std::string& more = "") {
    const auto dataset = open(fields, more);
    Batch batch = dataset->allocate(1, dtype, false);
    dataset->load(0, 3, batch, 0);
    return batch;
  }

  std::string problem(const std::string& fields, const std::string& more = "") {
    try {
      load(fields, at::kFloat, more);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }

  TemporaryFolder folder_;
  DataSettings settings_;
};

TEST_F(SampleFieldsTest, TokensAreCutAndPadded) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  write_sample({{"txt", text}, {"json", R"({"caption": "the fox"})"}});
  const Batch batch = load(
      str_format("long: {{field: txt, as: tokens, tokenizer: {0}, length: 3}}, "
                 "short: {{field: JSON, key: caption, as: tokens, tokenizer: {0}, length: 40, padding: 9}}",
                 kTokenizer));
  const auto tokenizer = tokenizer::load_tokenizer(kTokenizer);
  const auto tokens = tokenizer->encode(text), few = tokenizer->encode("the fox");
  ASSERT_GT(tokens.size(), 3);
  EXPECT_EQ(batch.inputs.at("long").sizes(), (at::IntArrayRef{1, 3}));
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(batch.inputs.at("long")[0][i].item<int64_t>(), tokens[i]);
  EXPECT_EQ(batch.inputs.at("long.length").item<int64_t>(), 3);
  for (int64_t i = 0; i < 40; ++i) {
    const bool given = i < static_cast<int64_t>(few.size());
    EXPECT_EQ(batch.inputs.at("short")[0][i].item<int64_t>(), given ? few[i] : 9);
  }
  EXPECT_EQ(batch.inputs.at("short.length").item<int64_t>(), static_cast<int64_t>(few.size()));
}

TEST_F(SampleFieldsTest, NumbersHaveTheTypeOfTheJob) {
  write_sample({{"json", R"({"pair": [1.5, -2e300], "one": 7})"}, {"seg.txt", "[3]"}});
  const std::string fields =
      "pair: {field: json, key: pair, as: numbers, count: 2}, one: {field: json, key: one, as: numbers}, "
      "three: {field: seg.txt, as: numbers}";
  const Batch batch = load(fields, at::kDouble);
  EXPECT_EQ(batch.inputs.at("pair").scalar_type(), at::kDouble);
  EXPECT_EQ(batch.inputs.at("pair")[0][1].item<double>(), -2e300);
  EXPECT_EQ(batch.inputs.at("one").item<double>(), 7);
  EXPECT_EQ(batch.inputs.at("three").item<double>(), 3);
  EXPECT_EQ(load(fields, at::kBFloat16).inputs.at("one").scalar_type(), at::kFloat);
}

// Without augmentation the image of w × h is resized to 24 × 24·w/h and cut in the middle.
TEST_F(SampleFieldsTest, BoxesAreThoseOfTheSample) {
  image::ImageDecoder decoder;
  const std::string bytes = image();
  const image::ImageSize size = decoder.open({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  const auto width = static_cast<double>(size.width), height = static_cast<double>(size.height);
  write_sample(
      {{"json", str_format(R"({{"boxes": [[{}, {}, {}, {}], [0, 0, 0, 5]]}})", 0.4 * width, 0.3 * height,
                           0.2 * width, 0.5 * height)},
       {"rel.json", "[[0.5, 0.55, 0.2, 0.5]]"},
       {"abs.json", str_format("[[{}, {}, {}, {}]]", 0.4 * width, 0.3 * height, 0.6 * width, 0.8 * height)}});
  const Batch batch = load(
      "xywh: {field: json, key: boxes, as: boxes, count: 3, format: xywh}, "
      "shares: {field: rel.json, as: boxes, count: 1, format: cxcywh, normalized: true}, "
      "xyxy: {field: abs.json, as: boxes, count: 1}",
      at::kDouble);
  const image::Geometry crop = image::centre_crop(size, 24, 24);
  const double expected[] = {0.4 * static_cast<double>(crop.resized.width) - static_cast<double>(crop.left),
                             0.3 * static_cast<double>(crop.resized.height) - static_cast<double>(crop.top),
                             0.6 * static_cast<double>(crop.resized.width) - static_cast<double>(crop.left),
                             0.8 * static_cast<double>(crop.resized.height) - static_cast<double>(crop.top)};
  for (const char* name : {"xywh", "shares", "xyxy"}) {
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_NEAR(batch.inputs.at(name)[0][0][i].item<double>(), expected[i], 1e-9) << name << " " << i;
  }
  EXPECT_TRUE(batch.inputs.at("xywh.valid").equal(at::tensor({1, 0, 0}, at::kLong).unsqueeze(0)));
  EXPECT_TRUE(batch.inputs.at("xywh").slice(1, 1).eq(0).all().item<bool>());
}

TEST_F(SampleFieldsTest, ErrorsNameShardOffsetKeyAndField) {
  write_sample({{"json", R"({"boxes": [[1, 2, 3, 4], [5, 6, 7, 8]], "word": "x", "back": [[9, 9, 1, 1]]})"},
                {"txt", "no JSON"},
                {"bin", "\xff\xfe"}});
  const std::string place = "a.tar, offset 4096, key \"a/7\": field \"x\": .json ";
  EXPECT_THAT(problem("x: {field: json, key: boxes, as: boxes, count: 1}"),
              HasSubstr(place + "holds 2 boxes, more than its count of 1; raise it"));
  EXPECT_THAT(problem("x: {field: json, key: none, as: boxes, count: 1}"),
              HasSubstr(place + "has no member \"none\""));
  EXPECT_THAT(problem("x: {field: json, key: back, as: boxes, count: 1}"),
              HasSubstr(place + "holds the box [9,9,1,1], which ends before it begins"));
  EXPECT_THAT(problem("x: {field: json, key: word, as: numbers}"),
              HasSubstr(place + "holds \"x\" where a number is expected"));
  EXPECT_THAT(problem("x: {field: json, key: word, as: boxes, count: 1}"),
              HasSubstr(place + "holds string instead of a list of boxes"));
  EXPECT_THAT(problem("x: {field: json, key: boxes, as: numbers, count: 3}"),
              HasSubstr(place + "holds 2 numbers instead of 3"));
  EXPECT_THAT(problem("x: {field: txt, as: numbers}"), HasSubstr("field \"x\": .txt is no JSON"));
  EXPECT_THAT(problem(str_format("x: {{field: bin, as: tokens, length: 4, tokenizer: {}}}", kTokenizer)),
              HasSubstr("key \"a/7\": field \"x\": .bin "));
  EXPECT_THAT(problem("x: {field: caption, as: numbers}"),
              HasSubstr("a.tar, offset 0, key \"a/7\": the sample has no .caption"));
}

TEST_F(SampleFieldsTest, SamplesWithoutAFieldAreSkippedOnRequest) {
  const std::string whole = tar_entry("1.png", image()) + tar_entry("1.cls", "1") + tar_entry("1.json", "5");
  const std::string lacking = tar_entry("0.png", image()) + tar_entry("0.cls", "0");
  write_bytes(folder_ / "a.tar", lacking + whole + tar_end());
  const Batch batch = load("x: {field: json, as: numbers}", at::kFloat, ", on_error: skip");
  EXPECT_EQ(batch.target.item<int64_t>(), 1);
  EXPECT_EQ(batch.inputs.at("x").item<float>(), 5);
}

TEST_F(SampleFieldsTest, SettingsAreChecked) {
  write_sample({{"json", "[]"}});
  EXPECT_THAT(problem("x: {field: json, as: boxes}"), HasSubstr("count"));
  EXPECT_THAT(problem("x: {field: json, as: words}"), HasSubstr("numbers"));
  EXPECT_THAT(problem("x: {field: txt, as: tokens, length: 4}"), HasSubstr("tokenizer"));
  EXPECT_THAT(problem("image: {field: json, as: numbers}"),
              HasSubstr("fields.image: is the name of the image"));
  EXPECT_THAT(problem("a.b: {field: json, as: numbers}"), HasSubstr("names of inputs hold no dot"));
  const std::string boxes = "x: {field: json, as: boxes, count: 1}";
  EXPECT_THAT(problem(boxes, ", augment: {rand_augment: 9}"),
              HasSubstr("which boxes of data.fields do not follow"));
  EXPECT_THAT(problem(boxes, ", augment: {cutmix: 1}"), HasSubstr("contradicts augment.mixup"));
  EXPECT_EQ(problem(boxes), "none");
}

// Every rank has the fields of all samples, however the index was shared.
TEST_F(SampleFieldsTest, RanksShareTheIndex) {
  std::vector<std::string> paths;
  for (int i = 0; i < 5; ++i) {
    std::string shard;
    for (int j = 0; j <= i; ++j) {
      const std::string key = str_format("{}-{}", i, j);
      shard += tar_entry(key + ".b", "b" + key) + tar_entry(key + ".png", "x") +
               tar_entry(key + ".cls", "1") + tar_entry(key + ".a", "a" + key);
    }
    paths.push_back(folder_ / str_format("{}.tar", i));
    write_bytes(paths.back(), shard + tar_end());
  }
  run_ranks(2, [&](Communicator& communicator) {
    const auto source =
        open_tar_shards(paths, {.fields = {"a", "b"}, .classes = 2, .communicator = &communicator});
    int64_t index = 0;
    for (int i = 0; i < 5; ++i) {
      for (int j = 0; j <= i; ++j, ++index) {
        EXPECT_EQ(source->read_field(index, "a"), str_format("a{}-{}", i, j));
        EXPECT_EQ(source->read_field(index, "b"), str_format("b{}-{}", i, j));
      }
    }
    EXPECT_EQ(source->size(), index);
  });
}

}  // namespace
}  // namespace echelon::data
