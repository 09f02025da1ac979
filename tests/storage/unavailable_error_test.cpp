#include "storage/unavailable_error.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <filesystem>
#include <functional>

#include "storage/local_file.h"
#include "temporary_folder.h"

namespace echelon::storage {
namespace {

using testing::HasSubstr;

std::string unavailable(const std::function<void()>& action) {
  try {
    action();
  } catch (const UnavailableError& error) {
    EXPECT_EQ(error.exit_code(), ExitCode::kData);
    return error.what();
  }
  return "it is there";
}

TEST(UnavailableError, IsNoErrorOfTheData) {
  const TemporaryFolder root;
  std::filesystem::create_symlink("absent", root / "dangling");
  std::filesystem::create_symlink("circle", root / "circle");
  for (const char* name : {"absent", "dangling", "circle", "absent/file"})
    EXPECT_THROW(InputFile((root / name).string()), DataError) << name;
  EXPECT_THROW(InputFile(root.path().string()), DataError);
}

TEST(UnavailableError, TellsOfDescriptorsThatRanOut) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string problem = unavailable([] { InputFile("/proc/self/mem"); });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(problem, "cannot open /proc/self/mem: Too many open files");
}

TEST(UnavailableError, TellsOfReadsThatFail) {
  const InputFile memory("/proc/self/mem");  // of which the first page is nobody's
  uint8_t byte = 0;
  EXPECT_THAT(unavailable([&] {
                memory.read(0, {&byte, 1});
              }),
              HasSubstr("cannot read /proc/self/mem at offset 0: Input/output error"));
}

}  // namespace
}  // namespace echelon::storage
