#include "common/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace echelon {
namespace {

// Published vector: XXH3-128 of no bytes with seed 0 (xxHash's own sanity tests).
TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksum_of({}), "99aa06d3014798d86001c324468d497f");
}

TEST(Checksum, DoesNotDependOnThePieces) {
  const std::string text(1000, 'a');
  Checksum pieces;
  for (size_t i = 0; i < text.size(); i += 7)
    pieces.update(std::as_bytes(std::span(text)).subspan(i, std::min<size_t>(7, text.size() - i)));
  EXPECT_EQ(pieces.hex(), checksum_of(std::as_bytes(std::span(text))));
}

}  // namespace
}  // namespace echelon
