// What a dataset must survive: each damage ends the job with a message that names its place, and under
// `on_error: skip` is left out and counted, while what is sound beside it is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/file.h"
#include "data/loader.h"
#include "data/open_dataset.h"
#include "data/support/tar_writer.h"
#include "data/text/token_shard.h"
#include "storage/support/compress.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A file beside a sound one with two samples.
struct BadFile {
  std::string name, bytes;
  std::string message;   ///< a part of it
  int64_t samples = 0;   ///< that the file has nevertheless
  int64_t left_out = 1;  ///< what is counted, on opening and on loading
};

class BadInput : public testing::Test {
 protected:
  static std::string image(const std::string& name = "plain.png") {
    return read_file(ECHELON_SOURCE_DIR "/tests/image/golden/" + name);
  }
  static std::string sample(const std::string& key, const std::string& label = "1",
                            const std::string& content = image()) {
    return tar_entry(key + ".png", content) + tar_entry(key + ".cls", label);
  }
  static std::string json_sample(const std::string& json) {
    return tar_entry("0.png", image()) + tar_entry("0.json", json) + tar_end();
  }
  /// A header whose twelve bytes of size are these.
  static std::string lying(std::string size_field, const std::string& content = image()) {
    size_field.resize(12, '\0');
    return raw_entry({.name = "2.png", .size_field = size_field}, content) + tar_entry("2.cls", "1") +
           tar_end();
  }
  static std::string flipped(std::string bytes, size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    return bytes;
  }

  config::InputPath write(const std::string& name, const std::string& bytes) {
    write_bytes(folder_ / name, bytes);
    return {folder_ / name};
  }

  OpenRequest request(int64_t limit) const {
    OpenRequest request{.model = {.limit = limit}};
    storage::StorageSettings settings;
    settings.cache = {.folder = (folder_ / "cache").string(), .max_gb = 0.01};
    request.storage = std::make_shared<storage::Storage>(settings);
    return request;
  }

  /// What all of the data read once give: the number of samples, and of those left out.
  template <class Settings>
  std::pair<int64_t, int64_t> read(const Settings& settings, int64_t limit) {
    const auto dataset = open_dataset(settings, request(limit));
    EvaluationLoader loader(dataset, loader_options(settings));
    int64_t samples = 0;
    for (int64_t i = 0; i < loader.batches(); ++i) samples += loader.next().samples;
    return {samples, dataset->left_out() + loader.skipped()};
  }

  template <class Settings>
  void expect(Settings settings, int64_t limit, const BadFile& bad) {
    settings.train.push_back(write(bad.name, bad.bytes));
    try {
      read(settings, limit);
      ADD_FAILURE() << bad.message << ": accepted";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(bad.name), HasSubstr(bad.message)));
    }
    settings.on_error = OnError::kSkip;
    EXPECT_EQ(read(settings, limit), std::pair(2 + bad.samples, bad.left_out)) << bad.message;
  }

  void expect_image(const BadFile& bad, const std::string& label_field = "cls") {
    ImageSettings settings;
    settings.label_field = label_field;
    settings.size = 8;
    const std::string good = label_field == "json"
                                 ? tar_entry("a.png", image()) + tar_entry("a.json", R"({"label": 0})") +
                                       tar_entry("b.png", image()) + tar_entry("b.json", R"({"label": 2})")
                                 : sample("a") + sample("b");
    settings.train = {write("good.tar", good + tar_end())};
    expect(settings, 3, bad);
  }

  void expect_text(const BadFile& bad, bool verify = false) {
    TextSettings settings;
    settings.sequence_length = 4;
    settings.verify = verify;
    settings.train = {write("good.txt", "123456789")};
    expect(settings, 256, bad);
  }

  TemporaryFolder folder_;
};

TEST_F(BadInput, DamagedShards) {
  const std::string two = sample("1") + sample("2") + tar_end(),
                    second = str_format("offset {}", sample("1").size());
  expect_image({"empty.tar", "", "offset 0: the file is empty"});
  expect_image({"short.tar", two.substr(0, 100), "offset 0: the end-of-archive marker is missing"});
  expect_image({"cut.tar", two.substr(0, sample("1").size() + 1000), second + ": entry \"2.png\" claims", 1});
  expect_image({"flip.tar", flipped(two, sample("1").size() + 130),
                second + ": the checksum of the header is wrong", 1});
  expect_image({"none.tar", tar_end(), "the shard holds no samples"});
}

TEST_F(BadInput, DamagedCompressedShards) {
  const std::string two = sample("1") + sample("2") + tar_end();
  for (const auto& [name, packed] :
       {std::pair{"x.tar.gz", storage::gzip(two)}, {"x.tar.zst", storage::zstd(two)}}) {
    expect_image({name, packed.substr(0, packed.size() / 2), "the file ends within"});
    expect_image({name, flipped(packed, packed.size() / 2), "damaged"});
  }
  // 40 MiB in as many kilobytes, into a cache of 10 MB.
  const std::string bomb = sample("1") + tar_entry("zeros", std::string(40 << 20, '\0')) + tar_end();
  expect_image({"bomb.tar.gz", storage::gzip(bomb), "cannot be unpacked: the data cache in"});
  expect_image({"bomb.tar.zst", storage::zstd(bomb), "cannot be unpacked: the data cache in"});
}

TEST_F(BadInput, SizesThatLie) {
  const std::string truncated = "the file ends after", malformed = "entry \"2.png\" has a malformed size";
  expect_image({"octal.tar", sample("1") + lying("77777777777"), truncated, 1});
  expect_image({"letters.tar", sample("1") + lying("0000000012z"), malformed, 1});
  expect_image({"negative.tar", sample("1") + lying(std::string(12, '\xff')), malformed, 1});
  expect_image({"huge.tar", sample("1") + lying("\x80" + std::string(11, '\x7f')), malformed, 1});
  expect_image({"large.tar",
                sample("1") + lying(std::string("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12)), truncated,
                1});
  for (const auto& [record, message] : {std::pair{"23 size=99999999999999\n", truncated},
                                        {"28 size=9999999999999999999\n", malformed},
                                        {"11 size=-5\n", malformed},
                                        {"10 size=\n\n", malformed}}) {
    const std::string header = raw_entry({.name = "x", .type = 'x'}, record);
    expect_image({"pax.tar", sample("1") + header + sample("2") + tar_end(), message, 1});
  }
}

TEST_F(BadInput, DamagedImages) {
  const std::string second = str_format("offset {}, key \"2\": ", sample("1").size());
  const auto expect_in_the_middle = [&](const std::string& content, const std::string& message) {
    expect_image(
        {"x.tar", sample("1") + sample("2", "1", content) + sample("3") + tar_end(), second + message, 2});
  };
  expect_in_the_middle("", "the image is empty: 0 bytes");
  expect_in_the_middle("no picture", "the image is neither JPEG nor PNG nor WebP");
  for (const char* name : {"colour.jpg", "colour.png", "lossy.webp", "lossless.webp"})
    expect_in_the_middle(image(name).substr(0, image(name).size() / 2), "corrupt");
  std::string huge = image();
  for (const size_t at : {18, 22}) huge.replace(at, 2, "\xea\x60");  // of 32 bits, big-endian: 60,000
  expect_in_the_middle(huge, "an image of 60000 × 60000 pixels; at most 89478485 pixels are decoded");
}

TEST_F(BadInput, AnImageTooLongToBeOne) {
  constexpr int64_t kLength = int64_t{300} << 20;
  const auto path = folder_ / "x.tar";
  write_bytes(path, tar_header({.name = "1.png"}, kLength));
  std::filesystem::resize_file(path, 512 + kLength);  // takes no room on the disk
  std::ofstream(path, std::ios::app | std::ios::binary) << tar_entry("1.cls", "1") + tar_end();
  ImageSettings settings;
  settings.train = {{path}};
  try {
    read(settings, 3);
    ADD_FAILURE() << "accepted";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.tar, offset 0, key \"1\": an image of 314572800 bytes"));
  }
  // Nor is it taken as the last sample of a shard that is cut off.
  std::filesystem::resize_file(path, 512 + kLength + 1024);
  settings.on_error = OnError::kSkip;
  settings.size = 8;
  settings.train.push_back(write("good.tar", sample("a") + tar_end()));
  EXPECT_EQ(read(settings, 3), std::pair(int64_t{1}, int64_t{1}));
}

TEST_F(BadInput, LabelsThatAreNone) {
  const auto expect_label = [&](const std::string& label, const std::string& message) {
    expect_image({"x.tar", sample("1") + sample("2", label) + tar_end(), "key \"2\": " + message, 1});
  };
  expect_label("3", "label 3 lies outside the 3 classes of the model (0 to 2)");
  expect_label("-1", "label -1 lies outside");
  expect_label("", "\"\" in its .cls is no whole number");
  for (const char* label : {"cat", "1.0", "1 2", "0x1", "99999999999999999999", "-99999999999999999999"})
    expect_label(label, str_format("\"{}\" in its .cls is no whole number", label));
  expect_image(
      {"x.tar", tar_entry("1.png", image()) + tar_end(), "offset 0, key \"1\": the sample has no .cls"});
  expect_image({"x.tar", tar_entry("1.cls", "1") + tar_end(), "offset 0, key \"1\": the sample has no .jpg"});
  for (const char* json : {R"({"label": 18446744073709551615})", R"({"label": 1e3})", R"({"label": "1"})",
                           R"({"label": null})", R"({"kind": 1})", R"([1])", "{", ""})
    expect_image({"x.tar", json_sample(json), "key \"0\": no whole number \"label\" in its .json"}, "json");
  expect_image(
      {"x.tar", json_sample(R"({"label": -9223372036854775808})"), "label -9223372036854775808 lies"},
      "json");
}

// Nothing is unpacked: a name is no path.
TEST_F(BadInput, NamesThatLookLikePaths) {
  ImageSettings settings;
  settings.size = 8;
  settings.train = {write("x.tar", sample("/etc/1") + sample("../../2") + sample("..//./3") + tar_end())};
  EXPECT_EQ(read(settings, 3), std::pair(int64_t{3}, int64_t{0}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "../../2.png"));
  settings.train = {write("x.tar", sample("/etc/1", "7") + tar_end())};
  try {
    read(settings, 3);
    ADD_FAILURE() << "accepted";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("x.tar, offset 3584, key \"/etc/1\": label 7 lies outside"));
  }
}

TEST_F(BadInput, DamagedTokenShards) {
  TokenShardBuilder builder;
  builder.add_document(std::vector<uint32_t>{1, 2, 3, 4, 5});
  builder.add_document(std::vector<uint32_t>{6, 7, 8, 9});
  const std::string shard = builder.bytes(256, "x");
  expect_text({"x.tokens", shard.substr(0, 70), "which the 6 bytes after it are not"});
  expect_text({"x.tokens", shard.substr(0, 20), "truncated within its header, at 20 bytes"});
  expect_text({"x.tokens", flipped(shard, 8), "version 5; this program reads version 1"});
  expect_text({"x.tokens", flipped(shard, 65), "the file is corrupt"}, /*verify=*/true);
  // Without `verify` a token beyond the vocabulary is found when its sample is loaded: 3 of two samples.
  expect_text({"x.tokens", flipped(shard, 69), "x.tokens, offset 68: token 1027 lies outside", 1});
  expect_text({"x.tokens.gz", flipped(storage::gzip(shard), 30), "damaged gzip data in member 1"});
}

TEST_F(BadInput, DamagedTexts) {
  expect_text({"empty.txt", "", "the file is empty"});
  const std::string lines = "{\"text\": \"abcdefg\"}\n{\"text\": 5 }}\n{\"text\": \"hijklmn\"}\n";
  expect_text({"x.jsonl", lines, "line 2: malformed JSON", 3});
  expect_text({"x.jsonl", std::string("{\"text\": \"ab\xff\"}\n"), "line 1: malformed JSON"});
  expect_text({"x.jsonl", std::string(1 << 20, '[') + "\n", "line 1: malformed JSON"});
  expect_text({"x.jsonl.gz", storage::gzip("{\"text\": \"abcdefg\"}\n").substr(0, 30),
               "the file ends within gzip member 1"});
  expect_text({"bomb.txt.zst", storage::zstd(std::string(70 << 20, '\0')), "bomb.txt.zst"});
  expect_text({"bomb.jsonl.zst", storage::zstd(std::string(70 << 20, '\0')), "bomb.jsonl.zst"});
}

}  // namespace
}  // namespace echelon::data
