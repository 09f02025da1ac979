#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "comm/local/local.h"
#include "common/error.h"
#include "common/random.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/support/tar_writer.h"
#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SplitField, FollowsTheWebDatasetConvention) {
  EXPECT_EQ(split_field("dir/0001.seg.PNG")->key, "dir/0001");
  EXPECT_EQ(split_field("dir/0001.seg.PNG")->field, "seg.png");
  EXPECT_EQ(split_field("a.b/c.jpg")->key, "a.b/c");
  EXPECT_FALSE(split_field("dir/.hidden.jpg"));
  EXPECT_FALSE(split_field("dir.x/README"));
  EXPECT_FALSE(split_field("__meta__/info.json"));
}

class TarSourceTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) {
    write_bytes(folder_ / name, bytes);
    return folder_ / name;
  }

  /// "key=image/label" of all samples.
  std::vector<std::string> samples(const std::vector<std::string>& paths, const SourceOptions& options) {
    const auto source = open_tar_shards(paths, options);
    left_out_ = source->left_out();
    std::vector<std::string> found;
    std::vector<uint8_t> bytes;
    for (int64_t i = 0; i < source->size(); ++i) {
      source->read(i, bytes);
      const int64_t label = source->label(i);
      const std::string place = source->place(i);
      const size_t key = place.find("key \"") + 5;
      found.push_back(str_format("{}={}/{}", place.substr(key, place.size() - key - 1),
                                 std::string(bytes.begin(), bytes.end()), label));
    }
    return found;
  }

  std::string refusal(const std::string& archive, SourceOptions options = {.classes = 10}) {
    try {
      samples({write("bad.tar", archive)}, options);
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  }

  TemporaryFolder folder_;
  int64_t left_out_ = 0;
};

const std::string kTwo = tar_entry("a/1.png", "one") + tar_entry("a/1.cls", "7\n") +
                         tar_entry("a/2.cls", "0") + tar_entry("a/2.txt", "caption") +
                         tar_entry("a/2.JPEG", "two");

TEST_F(TarSourceTest, GroupsFieldsOfASample) {
  const std::string other =
      tar_entry("b.jpg", "three") + tar_entry("b.cls", " 3 ") + tar_entry("b.seg.png", "not the image");
  EXPECT_THAT(samples({write("0.tar", kTwo + tar_end()), write("1.tar", other + tar_end())}, {.classes = 10}),
              ElementsAre("a/1=one/7", "a/2=two/0", "b=three/3"));
}

TEST_F(TarSourceTest, ReadsLabelsFromJson) {
  const std::string archive =
      tar_entry("1.jpg", "one") + tar_entry("1.json", R"({"class": 4, "label": 1})") + tar_end();
  EXPECT_THAT(
      samples({write("0.tar", archive)}, {.label_field = "json", .label_key = "class", .classes = 10}),
      ElementsAre("1=one/4"));
  EXPECT_THAT(refusal(archive, {.label_field = "json", .label_key = "kind", .classes = 10}),
              HasSubstr("no whole number \"kind\" in its .json"));
}

TEST_F(TarSourceTest, NamesShardOffsetAndKeyOfWhatIsWrong) {
  EXPECT_THAT(
      refusal(kTwo + tar_entry("3.png", "x") + tar_entry("3.cls", "10") + tar_end()),
      HasSubstr(
          "bad.tar, offset 6144, key \"3\": label 10 lies outside the 10 classes of the model (0 to 9)"));
  EXPECT_THAT(refusal(tar_entry("3.cls", "-1") + tar_end()), HasSubstr("offset 0, key \"3\": label -1"));
  EXPECT_THAT(refusal(tar_entry("3.cls", "cat") + tar_end()),
              HasSubstr("\"cat\" in its .cls is no whole number"));
  EXPECT_THAT(refusal(kTwo + tar_entry("3.png", "x") + tar_end()),
              HasSubstr("bad.tar, offset 5120, key \"3\": the sample has no .cls"));
  EXPECT_THAT(refusal(kTwo + tar_entry("3.cls", "1") + tar_end()),
              HasSubstr("key \"3\": the sample has no .jpg, .jpeg, .png or .webp"));
  EXPECT_THAT(
      refusal(tar_entry("3.png", "x") + tar_entry("3.jpg", "x") + tar_entry("3.cls", "1") + tar_end()),
      HasSubstr("offset 1024, key \"3\": a second image"));
  EXPECT_THAT(refusal(tar_end()), HasSubstr("bad.tar: the shard holds no samples"));
  EXPECT_THAT(refusal(kTwo), HasSubstr("end-of-archive marker is missing"));
}

TEST_F(TarSourceTest, RefusesKeysThatOccurTwice) {
  const std::string again = tar_entry("a/1.png", "again") + tar_entry("a/1.cls", "3");
  EXPECT_THAT(
      refusal(kTwo + again + tar_end()),
      HasSubstr("bad.tar, offset 5120, key \"a/1\": the key occurred before in this shard, at offset 0"));
  EXPECT_THAT(samples({write("0.tar", kTwo + again + tar_end()), write("1.tar", kTwo + tar_end())},
                      {.classes = 10, .skip_damaged = true}),
              ElementsAre("a/1=one/7", "a/2=two/0", "a/1=one/7", "a/2=two/0"));
  EXPECT_EQ(left_out_, 1);
}

TEST_F(TarSourceTest, SkipsDamagedSamplesAndTheRestOfDamagedShards) {
  const SourceOptions options{.classes = 10, .skip_damaged = true};
  const std::string bad_label = tar_entry("x.png", "x") + tar_entry("x.cls", "99");
  const std::string half = tar_entry("y.png", "y");  // its label was cut off with the rest of the shard
  const auto paths = {write("0.tar", bad_label + kTwo + half), write("1.tar", "no tar"),
                      write("2.tar", tar_end()), write("3.tar", kTwo + tar_end())};
  EXPECT_THAT(samples(paths, options), ElementsAre("a/1=one/7", "a/2=two/0", "a/1=one/7", "a/2=two/0"));
  EXPECT_EQ(left_out_, 1 + 1 + 1 + 1);
}

TEST_F(TarSourceTest, RanksShareTheIndexAndTheErrors) {
  std::vector<std::string> paths;
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const std::string key = str_format("k{}", i);
    std::string archive;
    for (int j = 0; j <= i; ++j)
      archive +=
          tar_entry(str_format("{}-{}.png", key, j), key) + tar_entry(str_format("{}-{}.cls", key, j), "1");
    for (int j = 0; j <= i; ++j) expected.push_back(str_format("{0}-{1}={0}/1", key, j));
    paths.push_back(write(str_format("{}.tar", i), archive + tar_end()));
  }
  run_ranks(3, [&](Communicator& communicator) {
    const auto source = open_tar_shards(paths, {.classes = 2, .communicator = &communicator});
    ASSERT_EQ(source->size(), static_cast<int64_t>(expected.size()));
    for (int64_t i = 0; i < source->size(); ++i) {
      EXPECT_EQ(source->label(i), 1);
      const std::string key = expected[i].substr(0, expected[i].find('='));
      EXPECT_THAT(source->place(i), HasSubstr(str_format("key \"{}\"", key)));
    }
    EXPECT_EQ(source->left_out(), 0);
  });
  write("4.tar", "damaged");
  std::atomic<int> refused = 0;
  run_ranks(3, [&](Communicator& communicator) {
    try {
      open_tar_shards(paths, {.classes = 2, .communicator = &communicator});
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("4.tar, offset 0"));
      ++refused;
    }
  });
  EXPECT_EQ(refused, 3);
}

// Whatever bits flip, the index is read or the damage reported, and what is in the index lies within the
// file.
TEST_F(TarSourceTest, SurvivesFlippedBits) {
  const std::string archive =
      kTwo + raw_entry({.name = "x", .type = 'x'}, "10 size=4\n") +
      raw_entry({.name = "././@LongLink", .type = 'L'}, std::string(120, 'n') + ".png") +
      tar_entry("n", "1234") + tar_entry(std::string(96, 'n') + ".cls", "1") + tar_end();
  RandomStream random(5);
  int64_t found = 0, problems = 0;
  for (int iteration = 0; iteration < 5000; ++iteration) {
    std::string damaged = archive;
    for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
      damaged[random.below(damaged.size())] ^= static_cast<char>(1 << random.below(8));
    }
    const storage::InputFile file(write("flip.tar", damaged));
    TarReader headers(file);
    const ShardIndex index = index_shard(headers, 0, {.classes = 10, .skip_damaged = true});
    EXPECT_EQ(index.left_out > 0, !index.first_problem.empty());
    problems += index.left_out;
    for (const TarSample& sample : index.samples) {
      std::vector<uint8_t> bytes(sample.size);
      EXPECT_NO_THROW(file.read(sample.offset + sample.header_size, bytes));
      ++found;
    }
  }
  EXPECT_GT(found, 5000);
  EXPECT_GT(problems, 1000);
}

}  // namespace
}  // namespace echelon::data
