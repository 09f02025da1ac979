#include "common/base64.h"

#include <gtest/gtest.h>

namespace echelon {
namespace {

TEST(Base64, IsThatOfTheStandard) {
  // RFC 4648, section 10.
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode_base64("\xff\xfe\xfd"), "//79");
}

TEST(Base64, ComesBackAndDamageIsNoticed) {
  for (const char* bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd"})
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  for (const char* text : {"Z", "Zg", "Zg=", "Zg-=", "Z=g=", "Zm9v\n"})
    EXPECT_FALSE(decode_base64(text)) << text;
}

}  // namespace
}  // namespace echelon
