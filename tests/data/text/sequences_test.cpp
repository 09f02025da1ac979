#include "data/text/sequences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "common/random.h"
#include "data/text/token_shard.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;

/// A text with documents of these lengths.
TokenSequence text(const std::vector<int64_t>& documents) {
  TokenShardBuilder shard;
  for (const int64_t length : documents)
    shard.add_document(std::vector<uint32_t>(static_cast<size_t>(length), 1));
  return TokenSequence::from_tokenizer("a text", shard.bytes(2, "a text"));
}

std::vector<Piece> pieces_of(const Sequences& sequences, int64_t index) {
  std::vector<Piece> pieces;
  sequences.pieces(index, pieces);
  return pieces;
}

std::vector<Piece> all_pieces(const Sequences& sequences) {
  std::vector<Piece> all;
  for (int64_t i = 0; i < sequences.size(); ++i) {
    for (const Piece& piece : pieces_of(sequences, i)) all.push_back(piece);
  }
  return all;
}

TEST(StreamSequences, CutTextsRegardlessOfDocuments) {
  const auto sequences = stream_sequences({text({5, 5}), text({2}), text({7})}, {}, {.length = 3});
  EXPECT_THAT(all_pieces(*sequences),
              ElementsAre(Piece{0, 3, 0}, Piece{0, 3, 3}, Piece{0, 3, 6}, Piece{2, 3, 0}, Piece{2, 3, 3}));
  EXPECT_THAT(sequences->starts(), ElementsAre(0, 3, 3));
  const auto half = stream_sequences({text({5, 5}), text({7})}, {0.5, 1}, {.length = 3});
  EXPECT_THAT(all_pieces(*half), ElementsAre(Piece{0, 3, 5}));
}

TEST(SingleSequences, HoldOneDocumentEach) {
  const auto sequences = single_sequences({text({4, 1, 8}), text({2, 3})}, {}, {.length = 3});
  EXPECT_THAT(all_pieces(*sequences), ElementsAre(Piece{0, 3, 0}, Piece{0, 3, 5}, Piece{0, 3, 8},
                                                  Piece{0, 1, 11}, Piece{1, 1, 0}, Piece{1, 2, 2}));
  EXPECT_THAT(sequences->starts(), ElementsAre(0, 4));
}

TEST(SingleSequences, DivideDocumentsBetweenRangesByTheirBeginning) {
  const std::vector<TokenSequence> texts{text({4, 4, 4, 4})};
  EXPECT_THAT(all_pieces(*single_sequences(texts, {0, 0.6}, {.length = 8})),
              ElementsAre(Piece{0, 3, 0}, Piece{0, 3, 4}, Piece{0, 3, 8}));
  EXPECT_THAT(all_pieces(*single_sequences(texts, {0.6, 1}, {.length = 8})), ElementsAre(Piece{0, 3, 12}));
}

TEST(PackedSequences, HoldEveryPieceOnceInRowsThatFit) {
  RandomStream random(1);
  std::vector<TokenSequence> texts;
  for (int i = 0; i < 5; ++i) {
    std::vector<int64_t> documents;
    for (int d = 0; d < 200; ++d) documents.push_back(1 + static_cast<int64_t>(random.below(90)));
    texts.push_back(text(documents));
  }
  constexpr int64_t kLength = 64;
  const auto packed = packed_sequences(texts, {}, {.length = kLength});
  const auto key = [](const Piece& piece) { return std::tuple(piece.text, piece.first, piece.length); };
  std::multiset<std::tuple<int32_t, int64_t, int32_t>> expected, found;
  for (const Piece& piece : all_pieces(*single_sequences(texts, {}, {.length = kLength})))
    expected.insert(key(piece));
  int64_t tokens = 0;
  for (int64_t i = 0; i < packed->size(); ++i) {
    int64_t row = 0;
    for (const Piece& piece : pieces_of(*packed, i)) {
      found.insert(key(piece));
      row += piece.length;
    }
    EXPECT_GE(row, 1);
    EXPECT_LE(row, kLength);
    tokens += row;
  }
  EXPECT_EQ(found, expected);
  // Best fit decreasing needs at most 11/9 of the rows of the best packing and one (Johnson, 1973).
  EXPECT_LE(packed->size(), (tokens + kLength - 1) / kLength * 11 / 9 + 1);
}

TEST(PackedSequences, PutDocumentsWhereTheyLeaveTheLeastRoom) {
  // Pieces of 6, 5, 4, 3 and 2 tokens into rows of 8: 6 + 2 and 5 + 3, and 4 alone.
  const auto packed = packed_sequences({text({3, 4, 5, 6, 7})}, {}, {.length = 8});
  EXPECT_THAT(pieces_of(*packed, 0), ElementsAre(Piece{0, 6, 18}, Piece{0, 2, 0}));
  EXPECT_THAT(pieces_of(*packed, 1), ElementsAre(Piece{0, 5, 12}, Piece{0, 3, 3}));
  EXPECT_THAT(pieces_of(*packed, 2), ElementsAre(Piece{0, 4, 7}));
  EXPECT_EQ(packed->size(), 3);
}

TEST(BucketedSequences, HoldEveryPieceOnceWithinTheBudget) {
  std::vector<int64_t> documents;
  RandomStream random(3);
  for (int i = 0; i < 500; ++i) documents.push_back(2 + static_cast<int64_t>(random.below(30)));
  const std::vector<TokenSequence> texts = {text(documents), text({9, 9, 40})};
  constexpr int64_t kLength = 16, kTokens = 64;
  const auto buckets = bucketed_sequences(texts, {}, {.length = kLength}, kTokens, /*key=*/7);
  std::multiset<std::string> expected, found;
  const auto key = [](const Piece& piece) {
    return str_format("{} {} {}", piece.text, piece.first, piece.length);
  };
  for (const Piece& piece : all_pieces(*single_sequences(texts, {}, {.length = kLength})))
    expected.insert(key(piece));
  int64_t held = 0, padded = 0, most_rows = 0;
  for (int64_t i = 0; i < buckets->size(); ++i) {
    const std::vector<Piece> pieces = pieces_of(*buckets, i);
    const auto rows = static_cast<int64_t>(pieces.size());
    int64_t longest = 0;
    for (const Piece& piece : pieces) {
      found.insert(key(piece));
      held += piece.length;
      longest = std::max<int64_t>(longest, piece.length);
    }
    EXPECT_LE(rows * longest, kTokens);
    padded += rows * longest;
    most_rows = std::max(most_rows, rows);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(most_rows, buckets->rows());
  EXPECT_LT(static_cast<double>(padded - held), 0.05 * static_cast<double>(held)) << "little is padding";
  EXPECT_NE(pieces_of(*buckets, 3),
            pieces_of(*bucketed_sequences(texts, {}, {.length = kLength}, kTokens, 8), 3));
}

TEST(Sequences, NeedNoFollowingTokenWhereHiddenOnesArePredicted) {
  const SequenceShape shape{.length = 4, .following = 0};
  EXPECT_EQ(stream_sequences({text({8})}, {}, shape)->size(), 2);
  EXPECT_THAT(all_pieces(*single_sequences({text({5, 1})}, {}, shape)),
              ElementsAre(Piece{0, 4, 0}, Piece{0, 1, 4}, Piece{0, 1, 5}));
}

}  // namespace
}  // namespace echelon::data
