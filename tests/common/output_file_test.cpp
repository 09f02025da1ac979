#include "common/output_file.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon {
namespace {

using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string problem_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kData);
    return error.what();
  }
  return "";
}

TEST(OutputFile, CountsAndSumsWhatItWrites) {
  const TemporaryFolder folder;
  const std::string text(5 << 20, 'x');  // more than one piece
  OutputFile file(folder / "f");
  file.write(bytes_of("begin"));
  file.write(bytes_of(text));
  file.sync();
  EXPECT_EQ(file.bytes(), 5 + text.size());
  EXPECT_EQ(read_file(folder / "f"), "begin" + text);
  EXPECT_EQ(file.checksum(), checksum_of(bytes_of("begin" + text)));
}

TEST(OutputFile, SaysWhyItCannotWrite) {
  EXPECT_THAT(problem_of([] { OutputFile("/nowhere/f"); }),
              HasSubstr("cannot create /nowhere/f: No such file or directory"));
  // Every write to it fails as on a full disk (full(4)).
  EXPECT_THAT(problem_of([] { OutputFile("/dev/full").write(bytes_of("x")); }),
              HasSubstr("cannot write /dev/full: No space left on device"));
}

}  // namespace
}  // namespace echelon
