#include "storage/stream/decompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.h"
#include "storage/support/compress.h"
#include "storage/support/memory_store.h"

namespace echelon::storage {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

std::unique_ptr<ByteStream> stream_of(const std::string& bytes, int64_t block = 1 << 16) {
  return open_stream(std::make_shared<MemoryFile>("x.bin", bytes), {.block_bytes = block, .blocks = 0});
}

std::string drain(ByteStream& stream, size_t piece = 1000) {
  std::string text, buffer(piece, '\0');
  while (const size_t got = stream.read({reinterpret_cast<uint8_t*>(buffer.data()), piece}))
    text.append(buffer, 0, got);
  return text;
}

std::string unpack(const std::string& packed, const DecompressionLimits& limits = {},
                   int64_t block = 1 << 16) {
  return drain(*decompress(stream_of(packed, block), limits));
}

std::string message_of(const std::string& packed, const DecompressionLimits& limits = {}) {
  try {
    unpack(packed, limits);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::string some_text(size_t size) {
  RandomStream random(7);
  std::string text;
  while (text.size() < size) text += str_format("{} ", random.below(1000));
  text.resize(size);
  return text;
}

TEST(Decompress, GivesBackWhatWasPacked) {
  for (const size_t size : {0, 1, 999, 1000, 1001, 300'000}) {
    const std::string text = some_text(size);
    for (const int64_t block : {1, 13, 65536}) {
      if (block == 1 && size > 2000) continue;
      EXPECT_EQ(unpack(gzip(text), {}, block), text) << size;
      EXPECT_EQ(unpack(zstd(text), {}, block), text) << size;
      EXPECT_EQ(unpack(text, {}, block), text) << size;
    }
  }
}

TEST(Decompress, JoinsMembersAndFrames) {
  const std::string a = some_text(5000), b = some_text(70);
  EXPECT_EQ(unpack(gzip(a) + gzip("") + gzip(b)), a + b);
  EXPECT_EQ(unpack(gzip(a) + gzip(b) + std::string(512, '\0')), a + b);
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(unpack(skippable + zstd(a) + skippable + zstd(b)), a + b);
}

TEST(Decompress, NamesTheOffsetOfDamage) {
  const std::string text = some_text(100'000);
  for (std::string packed : {gzip(text), zstd(text)}) {
    EXPECT_THAT(message_of(packed.substr(0, packed.size() - 1)),
                AllOf(HasSubstr("x.bin at offset "), HasSubstr("the file ends within")));
    EXPECT_THAT(message_of(packed.substr(0, 20)),
                AllOf(HasSubstr("x.bin at offset 20"), HasSubstr("ends within")));
    EXPECT_THAT(message_of(packed + "trailing"),
                ContainsRegex("x.bin at offset [0-9]+: .* in (member|frame) 2"));
  }
  EXPECT_THAT(message_of(gzip(text) + std::string("\0\0x", 3)), HasSubstr("not gzip"));
}

// The checksums (CRC-32, XXH64) find every flipped bit that decoding does not; one in the optional parts of
// the headers (modification time, operating system, unused bits) may pass, but then the text is right.
TEST(Decompress, NeverGivesWrongBytesForAFlippedBit) {
  const std::string text = some_text(2000);
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    int found = 0;
    for (size_t bit = 0; bit < packed.size() * 8; ++bit) {
      std::string damaged = packed;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      if (detect_compression({reinterpret_cast<const uint8_t*>(damaged.data()), 4}) == Compression::kNone)
        continue;
      std::string result;
      try {
        result = unpack(damaged);
      } catch (const DataError&) {
        ++found;
        continue;
      }
      EXPECT_EQ(result, text) << "bit " << bit;
    }
    EXPECT_GT(found, static_cast<int>(packed.size() * 8) - 100);
  }
}

TEST(Decompress, RefusesBombs) {
  const std::string zeros(100 << 20, '\0');
  const std::string bomb = zstd(zeros);
  ASSERT_LT(bomb.size(), 20'000u);
  EXPECT_THAT(message_of(bomb), HasSubstr("times its size"));
  EXPECT_THAT(message_of(gzip(zeros), {.max_bytes = 1 << 20}), HasSubstr("more than 1.00 MiB, the limit"));
  EXPECT_THAT(message_of(gzip(zeros, 9), {.max_ratio = 500}), HasSubstr("more than 500 times its size"));
  EXPECT_EQ(message_of(gzip(zeros, 9)), "");
}

TEST(Decompress, BoundsTheWindow) {
  const std::string packed = zstd(some_text(10'000'000), 23);
  EXPECT_THAT(message_of(packed, {.zstd_window_log = 22}), HasSubstr("too much memory"));
  EXPECT_EQ(message_of(packed, {.zstd_window_log = 23}), "");
}

TEST(ByteStream, ReadsAheadWhatIsThere) {
  const std::string text = some_text(100'000);
  for (const int blocks : {0, 1, 3}) {
    for (const int64_t block : {1000, 99'999, 100'000, 1 << 20}) {
      auto stream =
          open_stream(std::make_shared<MemoryFile>("x", text), {.block_bytes = block, .blocks = blocks});
      EXPECT_EQ(drain(*stream, 777), text);
      uint8_t byte = 0;
      EXPECT_EQ(stream->read({&byte, 1}), 0u);
    }
  }
}

TEST(ByteStream, PassesErrorsOnAndMayBeLeftInTheMiddle) {
  auto file = std::make_shared<MemoryFile>("x", some_text(100'000));
  const auto left = open_stream(file, {.block_bytes = 1000, .blocks = 2});
  uint8_t byte = 0;
  EXPECT_EQ(left->read({&byte, 1}), 1u);

  file = std::make_shared<MemoryFile>("x", some_text(100'000));
  file->failures = 1;
  EXPECT_THROW(drain(*open_stream(file, {.block_bytes = 1000, .blocks = 2})), TransientError);
}

}  // namespace
}  // namespace echelon::storage
