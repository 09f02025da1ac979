#include "storage/file_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/support/memory_store.h"

namespace echelon::storage {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> names(int count) {
  std::vector<std::string> result;
  for (int i = 0; i < count; ++i) result.push_back(str_format("file-{}", i));
  return result;
}

TEST(FilePool, KeepsTheFilesUsedLast) {
  int opened = 0;
  const FilePool pool(
      names(3),
      [&](const std::string& name) {
        ++opened;
        return std::make_shared<MemoryFile>(name, name);
      },
      2);
  for (const size_t number : {0, 1, 0, 2, 0})
    EXPECT_EQ(pool.open(number)->name(), str_format("file-{}", number));
  EXPECT_EQ(opened, 3);
  pool.open(1);
  EXPECT_EQ(opened, 4) << "1 was used before 0, so 2 took its place";
}

TEST(FilePool, OpensOnceAndDoesNotHoldOthersUp) {
  std::atomic<int> opened = 0;
  std::atomic<bool> go = false;
  const FilePool pool(names(2), [&](const std::string& name) {
    ++opened;
    while (name == "file-0" && !go) std::this_thread::sleep_for(1ms);
    return std::make_shared<MemoryFile>(name, name);
  });
  std::thread first([&] { pool.open(0); }), second([&] { pool.open(0); });
  while (opened == 0) std::this_thread::sleep_for(1ms);
  pool.open(1);  // returns although 0 is being opened
  go = true;
  first.join();
  second.join();
  EXPECT_EQ(opened, 2);
}

}  // namespace
}  // namespace echelon::storage
