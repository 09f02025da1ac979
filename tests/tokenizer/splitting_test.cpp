#include "tokenizer/splitting.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace echelon::tokenizer {
namespace {

using Pieces = std::vector<std::string>;

Pieces split(SplitBehavior behavior, std::string_view text, bool inverted = false) {
  Pieces pieces;
  const auto collect = [&](std::string_view piece) { pieces.emplace_back(piece); };
  Splitting splitting(text, behavior, inverted, collect);
  for (size_t at = text.find('-'); at != text.npos; at = text.find('-', at + 1)) splitting.match(at, at + 1);
  splitting.finish();
  return pieces;
}

// The examples of the reference's documentation ("Components", pre-tokenizers, Split).
TEST(Splitting, FollowsTheDocumentedExamples) {
  const std::string_view text = "the-final--countdown";
  EXPECT_EQ(split(SplitBehavior::kRemoved, text), (Pieces{"the", "final", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::kIsolated, text), (Pieces{"the", "-", "final", "-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::kMergedWithPrevious, text), (Pieces{"the-", "final-", "-", "countdown"}));
  EXPECT_EQ(split(SplitBehavior::kMergedWithNext, text), (Pieces{"the", "-final", "-", "-countdown"}));
  EXPECT_EQ(split(SplitBehavior::kContiguous, text), (Pieces{"the", "-", "final", "--", "countdown"}));
}

TEST(Splitting, Inverts) {
  EXPECT_EQ(split(SplitBehavior::kRemoved, "a-b--c", true), (Pieces{"-", "-", "-"}));
}

TEST(Splitting, TakesMatchesAtTheEnds) {
  EXPECT_EQ(split(SplitBehavior::kMergedWithPrevious, "-a-"), (Pieces{"-", "a-"}));
  EXPECT_EQ(split(SplitBehavior::kMergedWithNext, "-a-"), (Pieces{"-a", "-"}));
  EXPECT_EQ(split(SplitBehavior::kContiguous, "--"), (Pieces{"--"}));
  EXPECT_EQ(split(SplitBehavior::kIsolated, ""), (Pieces{}));
}

}  // namespace
}  // namespace echelon::tokenizer
