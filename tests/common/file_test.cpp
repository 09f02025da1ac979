#include "common/file.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class FileTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  std::string content(100'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31);
  const fs::path path = folder_.path() / "file";
  write_file_atomically(path, content);
  EXPECT_EQ(read_file(path), content);
  const MappedFile mapped(path);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size()),
            content);
}

TEST_F(FileTest, AnEmptyFileIsEmpty) {
  const fs::path path = folder_.path() / "empty";
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_TRUE(MappedFile(path).bytes().empty());
}

TEST_F(FileTest, AMovedMappingStays) {
  const fs::path path = folder_.path() / "file";
  write_file_atomically(path, "abc");
  MappedFile first(path);
  const MappedFile second = std::move(first);
  EXPECT_EQ(second.bytes().size(), 3);
  EXPECT_EQ(second.path(), path);
}

TEST_F(FileTest, WritingLeavesNothingElseBehind) {
  write_file_atomically(folder_.path() / "file", "old");
  write_file_atomically(folder_.path() / "file", "new");
  EXPECT_EQ(read_file(folder_.path() / "file"), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(FileTest, AReaderSeesTheOldContentOrTheNew) {
  const fs::path path = folder_.path() / "file";
  const std::string old_content(50'000, 'a'), new_content(70'000, 'b');
  write_file_atomically(path, old_content);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) write_file_atomically(path, i % 2 == 0 ? new_content : old_content);
    done = true;
  });
  int torn = 0;
  while (!done) {
    const std::string seen = read_file(path);
    if (seen != old_content && seen != new_content) ++torn;
  }
  writer.join();
  EXPECT_EQ(torn, 0);
}

TEST_F(FileTest, ErrorsNameThePathAndTheReason) {
  const fs::path missing = folder_.path() / "no" / "file";
  const auto tells = AllOf(HasSubstr(missing.string()), HasSubstr("No such file or directory"));
  EXPECT_THAT([&] { read_file(missing); }, ThrowsMessage<Error>(tells));
  EXPECT_THAT([&] { MappedFile{missing}; }, ThrowsMessage<Error>(tells));
  EXPECT_THAT([&] { write_file_atomically(missing, ""); },
              ThrowsMessage<Error>(HasSubstr("No such file or directory")));
  EXPECT_THAT([&] { read_file(folder_.path()); }, ThrowsMessage<Error>(HasSubstr(folder_.path().string())));
}

}  // namespace
}  // namespace echelon
