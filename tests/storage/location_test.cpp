#include "storage/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"

namespace echelon::storage {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

std::string message_of(const char* text) {
  try {
    parse_location(text);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Location, TakesNamesApart) {
  EXPECT_EQ(parse_location("data/a b?.tar").path, "data/a b?.tar");
  EXPECT_FALSE(parse_location("data/a.tar").remote());
  EXPECT_EQ(parse_location("file:///data/a.tar").path, "/data/a.tar");

  const Location s3 = parse_location("s3://bucket/a/b.tar?scheme=http&endpoint_override=localhost:9000");
  EXPECT_EQ(s3.scheme, Scheme::kS3);
  EXPECT_EQ(s3.path, "bucket/a/b.tar");
  EXPECT_THAT(s3.options,
              UnorderedElementsAre(Pair("scheme", "http"), Pair("endpoint_override", "localhost:9000")));
  EXPECT_EQ(s3.text(), "s3://bucket/a/b.tar?endpoint_override=localhost:9000&scheme=http");
  EXPECT_EQ(parse_location("gcs://bucket/x").text(), "gs://bucket/x");
}

TEST(Location, TellsWildcardsFromOptions) {
  EXPECT_EQ(parse_location("s3://b/a-?.tar").path, "b/a-?.tar");
  EXPECT_EQ(parse_location("s3://b/a-??.tar?region=eu-west-1").path, "b/a-??.tar");
  EXPECT_EQ(parse_location("s3://b/a?b.tar").path, "b/a?b.tar");
}

TEST(Location, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(message_of("s3://b/x?regoin=eu"), HasSubstr("did you mean \"region\"?"));
  EXPECT_THAT(message_of("s3:///x"), HasSubstr("bucket"));
  EXPECT_THAT(message_of("s3://"), HasSubstr("bucket"));
  EXPECT_THAT(message_of("hdfs://host/x"), HasSubstr("unknown kind"));
  EXPECT_THAT(message_of("file://data/x"), HasSubstr("absolute"));
  EXPECT_THAT(message_of("gs://b/x?region=eu"), HasSubstr("unknown option \"region\""));
}

}  // namespace
}  // namespace echelon::storage
