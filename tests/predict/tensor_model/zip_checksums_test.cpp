#include "predict/tensor_model/zip_checksums.h"

#include <gmock/gmock.h>

#include <string_view>

#include "common/error.h"
#include "common/file.h"
#include "predict/tensor_model/saved_models.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(ZipChecksums, AreThoseOfTheFiles) {
  EXPECT_EQ(crc32_of(bytes_of("123456789")), 0xcbf43926U);  // the check value of the catalogue of CRCs
  const TemporaryFolder folder;
  save_archive(folder / "a.zip", {{"folder/digits", "123456789"}, {"empty", ""}});
  const MappedFile file(folder / "a.zip");
  const auto checksums = zip_checksums(file.bytes());
  EXPECT_EQ(checksums.at("a/folder/digits"), 0xcbf43926U);
  EXPECT_EQ(checksums.at("a/empty"), 0U);
}

TEST(ZipChecksums, ATruncatedArchiveHasNone) {
  const TemporaryFolder folder;
  save_archive(folder / "a.zip", {{"digits", "123456789"}});
  const std::string whole = read_file(folder / "a.zip");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(zip_checksums(bytes_of(whole).first(size)), DataError) << size;
  for (size_t begin = 1; begin < whole.size(); begin += 7) {
    try {  // the rest alone, whose offsets lead anywhere
      zip_checksums(bytes_of(whole).subspan(begin));
    } catch (const DataError&) {
    }
  }
}

}  // namespace
}  // namespace echelon::predict
