#include "storage/md5.h"

#include <gtest/gtest.h>

#include <utility>

namespace echelon::storage {
namespace {

std::string md5_of(const std::string& text, size_t piece) {
  Md5 md5;
  for (size_t start = 0; start < text.size(); start += piece) {
    const std::string part = text.substr(start, piece);
    md5.update({reinterpret_cast<const uint8_t*>(part.data()), part.size()});
  }
  return md5.hex();
}

// The test suite of RFC 1321, appendix A.5.
TEST(Md5, AgreesWithItsSpecification) {
  const std::pair<const char*, const char*> suite[] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"}};
  for (const auto& [text, expected] : suite)
    for (const size_t piece : {1, 7, 64, 100}) EXPECT_EQ(md5_of(text, piece), expected) << text;
}

// From `head -c N /dev/zero | md5sum`: lengths around a block, where the padding changes.
TEST(Md5, PadsEveryLength) {
  const std::pair<size_t, const char*> suite[] = {{55, "c9ea3314b91c9fd4e38f9432064fd1f2"},
                                                  {56, "e3c4dd21a9171fd39d208efa09bf7883"},
                                                  {63, "65cecfb980d72fde57d175d6ec1c3f64"},
                                                  {64, "3b5d3c7d207e37dceeedd301e35e2e58"},
                                                  {120, "222f7d881ded1871724a1b9a1cb94247"}};
  for (const auto& [length, expected] : suite)
    EXPECT_EQ(md5_of(std::string(length, '\0'), 50), expected) << length;
}

}  // namespace
}  // namespace echelon::storage
