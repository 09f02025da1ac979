#include "work/stored_file.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "work/json_parts.h"

namespace echelon::work {
namespace {

TEST(Counts, AreAddedAndDescribed) {
  Counts sum{{"documents", 2}};
  add_counts(sum, {{"documents", 1}, {"tokens", 1'240'000}});
  EXPECT_EQ(describe_counts(sum), "3 documents, 1.24 M tokens");
}

TEST(StoredFile, ComesBackFromJson) {
  const StoredFile file{"region=a%2Fb/part-0.parquet", 12, "99aa06d3014798d86001c324468d497f", {{"rows", 3}}};
  const StoredFile read = file_from(to_json(file));
  EXPECT_EQ(read.name, file.name);
  EXPECT_EQ(read.bytes, 12);
  EXPECT_EQ(read.checksum, file.checksum);
  EXPECT_EQ(read.counts, file.counts);
}

TEST(StoredFile, NamesNothingOutsideTheFolder) {
  for (const char* name : {"", "/etc/passwd", "..", "a/../../b", "./a", "a/", "a//../b"}) {
    EXPECT_THROW(file_from({{"name", name}, {"bytes", 1}, {"xxh3_128", ""}}), DataError) << name;
  }
}

}  // namespace
}  // namespace echelon::work
