#include "common/folder_lock.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <optional>

#include "common/error.h"
#include "common/format.h"
#include "temporary_folder.h"

namespace echelon {
namespace {

using testing::HasSubstr;

TEST(FolderLock, IsHeldByOneAndNamesIt) {
  const TemporaryFolder folder;
  std::optional<FolderLock> first(folder.path());
  try {
    FolderLock second(folder.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(str_format("process {} on ", ::getpid())));
    EXPECT_THAT(error.what(), HasSubstr("writes to " + folder.path().string() + " already"));
  }
  first.reset();
  FolderLock third(folder.path());
}

}  // namespace
}  // namespace echelon
