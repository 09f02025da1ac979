#include "data/image/tar_index_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>

#include "common/error.h"
#include "data/image/shard_writer.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/support/tar_writer.h"
#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Shard {
  std::string bytes, index;
};

Shard make_shard(const std::vector<Sample>& samples) {
  Shard shard;
  ShardWriter writer([&](std::string_view bytes) { shard.bytes += bytes; });
  for (const Sample& sample : samples) writer.add(sample);
  shard.index = writer.finish();
  return shard;
}

std::vector<Sample> some_samples() {
  return {{"a/1", {{"png", "one"}, {"cls", "7"}, {"txt", std::string(65, 't')}}},
          {"a/2", {{"cls", "0"}, {"jpg", std::string(700, 'j')}}},
          {"b", {{"webp", "three"}, {"cls", " 3 "}, {"json", std::string(64, ' ')}}}};
}

/// As whoever makes an index on purpose would do it.
std::string with_checksum(std::string index) {
  std::memset(index.data() + 56, 0, 8);
  const uint64_t checksum = XXH3_64bits(index.data(), index.size());
  std::memcpy(index.data() + 56, &checksum, sizeof checksum);
  return index;
}

std::vector<std::string> entries_of(const TarIndexFile& index) {
  std::vector<std::string> found;
  TarIndexFile::Cursor cursor(index);
  while (const auto item = cursor.next())
    found.push_back(item->entry.name + "=" + (item->content ? std::string(*item->content) : "?"));
  return found;
}

TEST(TarIndexFile, HoldsWhatTheHeadersSay) {
  const Shard shard = make_shard(some_samples());
  const TemporaryFolder folder;
  write_bytes(folder / "a.tar", shard.bytes);
  const storage::InputFile file(folder / "a.tar");
  TarReader headers(file);
  const TarIndexFile index(shard.index, "a.tar.index");
  EXPECT_EQ(index.samples(), 3);
  EXPECT_EQ(index.shard().size, static_cast<int64_t>(shard.bytes.size()));
  EXPECT_EQ(index.shard().checksum, XXH3_64bits(shard.bytes.data(), shard.bytes.size()));
  TarIndexFile::Cursor cursor(index);
  while (const auto expected = headers.next()) {
    const auto item = cursor.next();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->entry.name, expected->name);
    EXPECT_EQ(item->entry.offset, expected->offset);
    EXPECT_EQ(item->entry.data_offset, expected->data_offset);
    EXPECT_EQ(item->entry.size, expected->size);
    if (item->content) {
      EXPECT_EQ(*item->content, headers.content(*expected, 100));
    }
  }
  EXPECT_FALSE(cursor.next());
  EXPECT_THAT(entries_of(index), ElementsAre("a/1.png=?", "a/1.cls=7", "a/1.txt=?", "a/2.cls=0", "a/2.jpg=?",
                                             "b.webp=?", "b.cls= 3 ", "b.json=" + std::string(64, ' ')));
}

TEST(TarIndexFile, OfNoSamplesIsEmpty) {
  const Shard shard = make_shard({});
  EXPECT_EQ(shard.bytes, tar_end());
  EXPECT_THAT(entries_of(TarIndexFile(shard.index, "x")), ElementsAre());
}

TEST(TarIndexFile, EveryTruncationAndEveryFlippedBitIsNoticed) {
  const std::string index = make_shard(some_samples()).index;
  for (size_t length = 0; length < index.size(); ++length)
    EXPECT_THROW(TarIndexFile(index.substr(0, length), "x"), DataError) << length;
  EXPECT_THROW(TarIndexFile(index + '\0', "x"), DataError);
  for (size_t bit = 0; bit < index.size() * 8; ++bit) {
    std::string flipped = index;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_THROW(TarIndexFile(flipped, "x"), DataError) << bit;
  }
}

// The checksum finds damage, not malice: whatever an index says that has a right one, nothing is read beyond
// it, and all entries lie within the shard it speaks of.
TEST(TarIndexFile, AnythingWithARightChecksumIsRefusedOrConsistent) {
  const std::string index = make_shard(some_samples()).index;
  int64_t accepted = 0;
  const auto attempt = [&](const std::string& bytes) {
    try {
      const TarIndexFile file(with_checksum(bytes), "x");
      TarIndexFile::Cursor cursor(file);
      while (const auto item = cursor.next()) {
        EXPECT_GE(item->entry.data_offset, item->entry.offset + 512);
        EXPECT_LE(item->entry.data_offset + item->entry.size, file.shard().size);
        if (item->content) {
          EXPECT_EQ(static_cast<int64_t>(item->content->size()), item->entry.size);
        }
      }
      ++accepted;
    } catch (const DataError&) {
    }
  };
  for (size_t length = 64; length < index.size(); ++length) attempt(index.substr(0, length));
  EXPECT_EQ(accepted, 0);
  for (size_t bit = 64 * 8; bit < index.size() * 8; ++bit) {
    std::string flipped = index;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    attempt(flipped);
  }
  EXPECT_GT(accepted, 100);  // letters of keys and contents
  for (size_t at = 8; at < index.size(); ++at) {
    for (const char value : {'\x00', '\x7f', '\xff'}) {
      std::string changed = index;
      changed[at] = value;
      attempt(changed);
    }
  }
}

TEST(TarIndexFile, SaysWhatIsWrong) {
  const std::string index = make_shard(some_samples()).index;
  const auto refusal = [](const std::string& bytes) -> std::string {
    try {
      TarIndexFile(bytes, "a.tar.index");
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal(""), HasSubstr("index a.tar.index: it does not begin with ECHTARIX"));
  EXPECT_THAT(refusal(index.substr(0, 40)), HasSubstr("truncated within its header, at 40 bytes"));
  EXPECT_THAT(refusal(index.substr(0, 90)), HasSubstr("its checksum is wrong"));
  std::string newer = index;
  newer[8] = 2;
  EXPECT_THAT(refusal(newer), HasSubstr("version 2; this program reads version 1"));
  std::string more = index;
  ++more[16];
  EXPECT_THAT(refusal(with_checksum(more)), HasSubstr("it holds 3 samples with 8 fields, but says 4 with 8"));
}

TEST(ShardWriter, RefusesWhatAReaderWouldSeeOtherwise) {
  ShardWriter writer([](std::string_view) {});
  EXPECT_THROW(writer.add({"a", {}}), DataError);
  EXPECT_THROW(writer.add({"a.b", {{"cls", "1"}}}), DataError);
  EXPECT_THROW(writer.add({"folder/", {{"cls", "1"}}}), DataError);
  EXPECT_THROW(writer.add({"__meta__/a", {{"cls", "1"}}}), DataError);
  EXPECT_THROW(writer.add({"a", {{"CLS", "1"}}}), DataError);
  EXPECT_THROW(writer.add({"a", {{std::string(300, 'x'), "1"}}}), DataError);
  EXPECT_THROW(writer.add({std::string(70'000, 'k'), {{"cls", "1"}}}), DataError);
}

/// Opens shards of `folder_` as training does.
class IndexedShardTest : public testing::Test {
 protected:
  void write(const Shard& shard) {
    write_bytes(folder_ / "a.tar", shard.bytes);
    write_bytes(folder_ / "a.tar.index", shard.index);
  }

  /// "image/label:text" of all samples, and what was said on standard error.
  std::vector<std::string> samples(SourceOptions options = {.fields = {"txt"}, .classes = 10}) {
    testing::internal::CaptureStderr();
    std::vector<std::string> found;
    try {
      const auto source = open_tar_shards({folder_ / "a.tar"}, options);
      std::vector<uint8_t> bytes;
      for (int64_t i = 0; i < source->size(); ++i) {
        source->read(i, bytes);
        found.push_back(str_format("{}/{}:{}", std::string(bytes.begin(), bytes.end()), source->label(i),
                                   source->read_field(i, "txt")));
      }
    } catch (const DataError& error) {
      found.push_back(error.what());
    }
    said_ = testing::internal::GetCapturedStderr();
    return found;
  }

  static Shard shard(const std::string& first_label = "7") {
    return make_shard({{"1", {{"png", "one"}, {"cls", first_label}, {"txt", "short"}}},
                       {"2", {{"png", "two"}, {"txt", std::string(99, 'l')}, {"cls", "2"}}}});
  }

  TemporaryFolder folder_;
  std::string said_;
  const std::vector<std::string> expected_ = {"one/7:short", "two/2:" + std::string(99, 'l')};
};

TEST_F(IndexedShardTest, GivesTheSameSamples) {
  write(shard());
  EXPECT_EQ(samples(), expected_);
  EXPECT_EQ(said_, "");
  std::filesystem::remove(folder_ / "a.tar.index");
  EXPECT_EQ(samples(), expected_);
  EXPECT_EQ(said_, "");
}

TEST_F(IndexedShardTest, IsReadInsteadOfTheHeaders) {
  Shard damaged = shard();
  damaged.bytes[512 + 512 + 100] = 'x';  // within the header of the first label, whose checksum is wrong now
  write(damaged);
  EXPECT_EQ(samples(), expected_);
  EXPECT_EQ(said_, "");
}

TEST_F(IndexedShardTest, ProblemsAreThoseOfTheSamples) {
  write(shard("12"));
  EXPECT_THAT(samples(),
              ElementsAre(HasSubstr("a.tar, offset 1024, key \"1\": label 12 lies outside the 10 classes")));
  SourceOptions options{.label_field = "txt", .classes = 10};
  EXPECT_THAT(samples(options),
              ElementsAre(HasSubstr("key \"1\": \"short\" in its .txt is no whole number")));
}

TEST_F(IndexedShardTest, IsPassedOverWhereItIsDamaged) {
  Shard damaged = shard();
  damaged.index.back() ^= 1;
  write(damaged);
  EXPECT_EQ(samples(), expected_);
  EXPECT_THAT(said_, HasSubstr("warning: index"));
  EXPECT_THAT(said_, HasSubstr("a.tar.index: its checksum is wrong"));
  EXPECT_THAT(said_, HasSubstr("the headers of the shard are read instead"));
}

TEST_F(IndexedShardTest, IsPassedOverWhereTheShardIsAnother) {
  Shard mixed = shard("5");
  mixed.bytes += std::string(512, '\0');
  write(mixed);
  EXPECT_EQ(samples(), (std::vector<std::string>{"one/5:short", expected_[1]}));
  EXPECT_THAT(said_,
              HasSubstr("a.tar.index is stale: the shard has 7680 bytes, the index is of one of 7168"));

  mixed = shard();
  mixed.bytes = make_shard({{"1", {{"png", "one"}, {"cls", "7"}, {"txt", "short"}}},
                            {"3", {{"png", "two"}, {"txt", std::string(99, 'l')}, {"cls", "2"}}}})
                    .bytes;
  write(mixed);
  EXPECT_EQ(samples(), expected_);
  EXPECT_THAT(said_, HasSubstr("stale: the shard has another header"));
}

TEST_F(IndexedShardTest, IsPassedOverWhereTheShardIsNewer) {
  Shard mixed = shard();
  mixed.bytes = shard("5").bytes;
  write(mixed);
  const auto time = std::filesystem::last_write_time(folder_ / "a.tar.index");
  std::filesystem::last_write_time(folder_ / "a.tar", time + std::chrono::seconds(1));
  EXPECT_EQ(samples(), (std::vector<std::string>{"one/5:short", expected_[1]}));
  EXPECT_THAT(said_, HasSubstr("stale: the shard was modified after it"));
}

}  // namespace
}  // namespace echelon::data
