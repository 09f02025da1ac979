#include "work/new_file.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon::work {
namespace {

TEST(NewFile, IsThereWhenItIsComplete) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "work");
  {
    NewFile file(folder.path(), folder / "work", "f");
    file.write("abc");
    EXPECT_FALSE(fs::exists(folder / "f"));
    const StoredFile stored = file.commit();
    EXPECT_EQ(stored.name, "f");
    EXPECT_EQ(stored.bytes, 3);
    EXPECT_EQ(stored.checksum, checksum_of(std::as_bytes(std::span(std::string_view("abc")))));
  }
  EXPECT_EQ(read_file(folder / "f"), "abc");
  EXPECT_TRUE(fs::is_empty(folder / "work"));
}

TEST(NewFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "work");
  { NewFile(folder.path(), folder / "work", "f").write("abc"); }
  EXPECT_FALSE(fs::exists(folder / "f"));
  EXPECT_TRUE(fs::is_empty(folder / "work"));
  EXPECT_THROW(NewFile(folder.path(), folder / "nowhere", "f"), Error);
}

}  // namespace
}  // namespace echelon::work
