#include "data/text/token_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/file.h"
#include "data/support/tar_writer.h"
#include "data/text/token_sequence.h"
#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Little-endian bytes, as docs/formats/token-shard.md lays them out.
std::string bytes(std::initializer_list<std::pair<uint64_t, int>> fields) {
  std::string out;
  for (const auto& [value, size] : fields) {
    for (int i = 0; i < size; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  }
  return out;
}

std::string shard(uint64_t version, uint64_t token_bytes, uint64_t tokens, uint64_t vocabulary,
                  uint64_t reserved = 0, uint64_t documents = 0, uint64_t flags = 0) {
  return "ECHTOKEN" + bytes({{version, 4},
                             {token_bytes, 4},
                             {tokens, 8},
                             {vocabulary, 8},
                             {0, 8},
                             {documents, 8},
                             {flags, 8},
                             {reserved, 8}});
}

class TokenShardTest : public testing::Test {
 protected:
  static TokenSequence::File open(const std::string& path) {
    return std::make_shared<const storage::InputFile>(path);
  }

  std::string write(const std::string& content) {
    write_bytes(folder_ / "x.tokens", content);
    return folder_ / "x.tokens";
  }
  std::string refusal(const std::string& content) {
    try {
      TokenShard(open(write(content))).verify();
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("x.tokens"));
      return error.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
};

TEST_F(TokenShardTest, ReadsWhatTheSpecificationSays) {
  const std::string path = write(shard(1, 2, 3, 500) + bytes({{7, 2}, {499, 2}, {258, 2}}));
  const TokenSequence tokens = TokenSequence::from_shard(open(path), true);
  EXPECT_EQ(tokens.size(), 3);
  EXPECT_EQ(tokens.vocabulary(), 500);
  std::vector<int64_t> found(3);
  tokens.read(0, 3, 500, found.data());
  EXPECT_THAT(found, ElementsAre(7, 499, 258));
}

TEST_F(TokenShardTest, WritesWhatTheSpecificationSays) {
  const auto path = folder_ / "w.tokens";
  write_token_shard(path, std::vector<uint32_t>{1, 65535}, 65536);
  std::string narrow = read_file(path);
  // The checksum is xxhash.xxh3_64_intdigest(b"\x01\x00\xff\xff") of PyPI's xxhash.
  EXPECT_EQ(narrow.substr(32, 8), bytes({{0x82c16cd749dc9e93, 8}}));
  EXPECT_EQ(narrow.replace(32, 8, 8, '\0'), shard(1, 2, 2, 65536) + bytes({{1, 2}, {65535, 2}}));
  write_token_shard(path, std::vector<uint32_t>{1, 65536}, 65537);
  EXPECT_EQ(read_file(path).replace(32, 8, 8, '\0'), shard(1, 4, 2, 65537) + bytes({{1, 4}, {65536, 4}}));
  EXPECT_NO_THROW(TokenShard(open(path.string())).verify());
  EXPECT_THROW(write_token_shard(path, std::vector<uint32_t>{5}, 5), DataError);
}

TEST_F(TokenShardTest, ReadsDocumentsAndTargets) {
  // Five tokens, padded to a multiple of eight bytes, in documents of two and three; the second and the last
  // two are to be predicted.
  const std::string content =
      bytes({{1, 2}, {2, 2}, {3, 2}, {4, 2}, {5, 2}, {0, 6}, {2, 8}, {5, 8}, {26, 1}});
  const std::string path = write(shard(1, 2, 5, 10, 0, 2, 1) + content);
  const TokenSequence tokens = TokenSequence::from_shard(open(path), true);
  EXPECT_EQ(tokens.size(), 5);
  EXPECT_EQ(tokens.documents(), 2);
  EXPECT_EQ(tokens.document_start(1), 2);
  EXPECT_EQ(tokens.document_start(2), 5);
  EXPECT_THAT((std::vector{tokens.document_of(0), tokens.document_of(1), tokens.document_of(2),
                           tokens.document_of(4)}),
              ElementsAre(0, 0, 1, 1));
  EXPECT_TRUE(tokens.has_targets());
  EXPECT_THAT((std::vector<bool>{tokens.is_target(0), tokens.is_target(1), tokens.is_target(2),
                                 tokens.is_target(3), tokens.is_target(4)}),
              ElementsAre(false, true, false, true, true));

  TokenShardBuilder builder;
  builder.add_document(std::vector<uint32_t>{1, 2}, {false, true});
  builder.add_document({});
  builder.add_document(std::vector<uint32_t>{3, 4, 5}, {false, true, true});
  EXPECT_EQ(builder.bytes(10, "x").replace(32, 8, 8, '\0'), shard(1, 2, 5, 10, 0, 2, 1) + content);
}

TEST_F(TokenShardTest, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refusal(""), HasSubstr("does not begin with ECHTOKEN"));
  EXPECT_THAT(refusal("ECHTOKEN"), HasSubstr("truncated within its header"));
  EXPECT_THAT(refusal(shard(2, 2, 0, 5)), HasSubstr("version 2"));
  EXPECT_THAT(refusal(shard(1, 3, 0, 5)), HasSubstr("tokens of 3 bytes"));
  EXPECT_THAT(refusal(shard(1, 2, 0, 65537)), HasSubstr("a vocabulary of 65537"));
  EXPECT_THAT(refusal(shard(1, 2, 0, 0)), HasSubstr("a vocabulary of 0"));
  EXPECT_THAT(refusal(shard(1, 2, 0, 5, 1)), HasSubstr("reserved"));
  EXPECT_THAT(refusal(shard(1, 2, 2, 5) + "abc"),
              HasSubstr("says 2 tokens of 2 bytes in 0 documents, which the 3 bytes after it are not"));
  EXPECT_THAT(refusal(shard(1, 4, uint64_t{1} << 62, 5)), HasSubstr("the 0 bytes after it are not"));
  EXPECT_THAT(refusal(shard(1, 2, 0, 5, 0, 0, 2)), HasSubstr("reserved"));
  EXPECT_THAT(refusal(shard(1, 2, 4, 5, 0, uint64_t{1} << 61) + std::string(8, '\0')),
              HasSubstr("the 8 bytes after it are not"));
  const std::string four_tokens = shard(1, 2, 4, 5, 0, 2) + std::string(8, '\0');
  EXPECT_THAT(refusal(four_tokens + bytes({{3, 8}, {3, 8}})),
              HasSubstr("the ends of its documents do not rise"));
  EXPECT_THAT(refusal(four_tokens + bytes({{0, 8}, {4, 8}})),
              HasSubstr("the ends of its documents do not rise"));
  EXPECT_THAT(refusal(four_tokens + bytes({{1, 8}, {3, 8}})), HasSubstr("its documents end at token 3 of 4"));
  EXPECT_THAT(refusal(four_tokens + bytes({{1, 8}})), HasSubstr("the 16 bytes after it are not"));
  std::string corrupt = shard(1, 2, 1, 5) + bytes({{1, 2}});
  corrupt[32] = 1;
  EXPECT_THAT(refusal(corrupt), HasSubstr("checksum"));
  EXPECT_THROW(TokenSequence::from_shard(open(write(shard(1, 2, 0, 5))), false), DataError);
}

TEST_F(TokenShardTest, NamesTheOffsetOfATokenBeyondTheVocabulary) {
  const TokenSequence tokens =
      TokenSequence::from_shard(open(write(shard(1, 2, 3, 500) + bytes({{7, 2}, {8, 2}, {300, 2}}))), false);
  std::vector<int64_t> found(2);
  EXPECT_NO_THROW(tokens.read(0, 2, 300, found.data()));
  try {
    tokens.read(1, 2, 300, found.data());
    FAIL() << "token 300 of a vocabulary of 300";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("x.tokens, offset 68: token 300 lies outside the vocabulary of 300 (0 to 299)"));
  }
}

}  // namespace
}  // namespace echelon::data
