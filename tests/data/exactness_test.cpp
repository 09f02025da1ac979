// Every kind of sample is read in one sequence by any number of ranks and threads from any step on.
#include <gtest/gtest.h>

#include <array>

#include "common/file.h"
#include "common/random.h"
#include "data/support/one_sequence.h"
#include "data/text/token_shard.h"
#include "storage/support/compress.h"

namespace echelon::data {
namespace {

class Exactness : public testing::Test {
 protected:
  static std::string image(const std::string& name) {
    return read_file(ECHELON_SOURCE_DIR "/tests/image/golden/" + name);
  }
  void write(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_bytes(folder_ / name, bytes);
  }
  static std::string image(int number) {
    constexpr std::array kNames{"colour.png",      "grey.png",     "colour.jpg", "turned_6.jpg",
                                "cmyk.jpg",        "lossy.webp",   "plain.png",  "large.jpg",
                                "transparent.png", "keep_rgb.jpg", "turned.png", "turned.webp"};
    return image(kNames[static_cast<size_t>(number) % kNames.size()]);
  }
  /// Shards of 20, 21 and 14 images in three classes; of each shard one is damaged if asked for.
  void write_shards(bool damaged = false) {
    for (const auto& [shard, samples] : {std::pair{"a", 20}, {"b", 21}, {"c", 14}}) {
      std::string archive;
      for (int i = 0; i < samples; ++i) {
        const std::string content = image(i);
        archive += tar_entry(str_format("{}.png", i), damaged && i == 9 ? content.substr(0, 300) : content);
        archive += tar_entry(str_format("{}.cls", i), str_format("{}", i / 7));
      }
      write(str_format("{}.tar", shard), archive + tar_end());
    }
  }
  std::vector<uint32_t> tokens(int64_t count, uint64_t seed) {
    RandomStream random(seed);
    std::vector<uint32_t> found;
    for (int64_t i = 0; i < count; ++i) found.push_back(static_cast<uint32_t>(random.below(250)));
    return found;
  }
  /// Documents of 1 to 30 tokens.
  void write_token_shard(const std::string& name, int documents, uint64_t seed) {
    RandomStream random(seed);
    TokenShardBuilder shard;
    for (int i = 0; i < documents; ++i)
      shard.add_document(tokens(1 + static_cast<int64_t>(random.below(30)), seed + i));
    write(name, shard.bytes(256, name));
  }
  std::string json_lines(int lines, uint64_t seed) {
    RandomStream random(seed);
    std::string text;
    for (int i = 0; i < lines; ++i)
      text += str_format("{{\"text\": \"{} {}\", \"answer\": {}}}\n", i,
                         std::string(random.below(40), static_cast<char>('a' + i % 26)), random.below(1000));
    return text;
  }
  OneSequence sequence(const std::string& yaml, ModelInput model) const { return {folder_, yaml, model}; }

  static constexpr ModelInput kClasses{.limit = 3}, kVocabulary{.limit = 256},
      kDocuments{.limit = 256, .document_starts = true};
  TemporaryFolder folder_;
};

TEST_F(Exactness, AugmentedImagesOfShards) {
  write_shards();
  sequence(
      "name: images, train: [a.tar, b.tar, c.tar], size: 16, augment: {crop: random_resized, flip: true, "
      "color_jitter: {brightness: 0.4, hue: 0.1}, rand_augment: 9, erase: {noise: true}, grayscale: 0.2}",
      kClasses)
      .expect_everywhere();
}

TEST_F(Exactness, MixedImagesOfShuffledShards) {
  write_shards();
  sequence(
      "name: images, train: '[a-c].tar', size: 16, shuffle: {shards: 2}, last_batch: pad, "
      "augment: {crop: shift, mixup: 0.3, cutmix: 1}",
      kClasses)
      .expect_everywhere();
}

TEST_F(Exactness, MixedImagesOfWhichSomeAreReplaced) {
  write_shards(/*damaged=*/true);
  sequence("name: images, train: '[a-c].tar', size: 16, on_error: skip, augment: {flip: true, mixup: 0.3}",
           kClasses)
      .expect_everywhere();
}

TEST_F(Exactness, ImagesOfFoldersFromFrontToBack) {
  for (int i = 0; i < 37; ++i) write(str_format("f/class {}/{}.jpg", i / 13, i), image(i));
  sequence("name: images, train: f, size: 12, shuffle: false, last_batch: pad, augment: {flip: true}",
           kClasses)
      .expect_everywhere();
}

TEST_F(Exactness, ImagesOfSourcesByWeight) {
  write_shards();
  sequence(
      "name: images, size: 12, augment: {flip: true}, sources: {one: {files: a.tar, weight: 0.7}, "
      "two: {files: [b.tar, c.tar], weight: 0.3, fraction: 0.8}}",
      kClasses)
      .expect_everywhere();
}

TEST_F(Exactness, AStreamOfTokenShards) {
  write_token_shard("0.tokens", 30, 1);
  write_token_shard("1.tokens", 17, 2);
  write_token_shard("2.tokens", 25, 3);
  for (const char* shuffle : {"true", "false", "{shards: 2}"}) {
    sequence(str_format("name: text, train: '*.tokens', sequence_length: 16, shuffle: {}", shuffle),
             kDocuments)
        .expect_everywhere();
  }
}

TEST_F(Exactness, PackedDocumentsOfJsonLines) {
  write("a.jsonl", json_lines(90, 1));
  write("b.jsonl", json_lines(70, 2));
  sequence(
      "name: text, train: [a.jsonl, b.jsonl], packing: documents, end_of_document: '.', sequence_length: 48, "
      "last_batch: pad",
      kDocuments)
      .expect_everywhere();
}

TEST_F(Exactness, CompressedLinesEachForItself) {
  write("a.jsonl.gz", storage::gzip(json_lines(60, 1)));
  sequence("name: text, train: a.jsonl.gz, packing: none, sequence_length: 64", kDocuments)
      .expect_everywhere();
}

TEST_F(Exactness, BucketsUnderABudgetOfTokens) {
  write("a.jsonl", json_lines(300, 1));
  write("b.jsonl", json_lines(200, 2));
  for (const char* shuffle : {"true", "{shards: 1}"}) {
    sequence(str_format("name: text, train: [a.jsonl, b.jsonl], packing: buckets, sequence_length: 32, "
                        "bucket_tokens: 160, shuffle: {}",
                        shuffle),
             kDocuments)
        .expect_everywhere(/*only_single=*/true);
  }
}

TEST_F(Exactness, HiddenTokens) {
  write("a.jsonl", json_lines(80, 1));
  sequence(
      "name: text, train: a.jsonl, packing: documents, sequence_length: 48, "
      "objective: {masked: {mask_id: 1, probability: 0.3}}",
      kVocabulary)
      .expect_everywhere();
}

TEST_F(Exactness, PromptsAndResponses) {
  write("a.jsonl", json_lines(60, 1));
  sequence(
      "name: text, train: a.jsonl, packing: none, sequence_length: 8, "
      "instruction: {prompt: '{text}=', response: '{answer}.'}, objective: {seq2seq: {source_length: 20}}",
      kVocabulary)
      .expect_everywhere();
}

TEST_F(Exactness, TextsOfSourcesByWeight) {
  write_token_shard("0.tokens", 30, 1);
  write("a.txt", json_lines(30, 1));
  sequence(
      "name: text, sequence_length: 12, last_batch: pad, shuffle: {shards: 1}, "
      "sources: {shards: {files: 0.tokens, weight: 2}, plain: {files: a.txt, weight: 3, limit: 40}}",
      kVocabulary)
      .expect_everywhere();
}

}  // namespace
}  // namespace echelon::data
