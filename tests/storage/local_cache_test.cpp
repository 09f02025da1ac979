#include "storage/cache/local_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <thread>

#include "common/clock.h"
#include "common/file.h"
#include "common/format.h"
#include "common/random.h"
#include "storage/support/memory_store.h"
#include "temporary_folder.h"

namespace echelon::storage {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

std::string bytes_of(char letter, size_t count) {
  return std::string(count, letter);
}

void write_text(CacheWriter& writer, const std::string& text) {
  writer.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

CacheKey key_of(const std::string& name) {
  return {"s3://b/" + name, "v1", "copy"};
}

/// A cache in a folder of its own; entries hold their name's first letter.
class LocalCacheTest : public testing::TestWithParam<bool> {
 protected:
  LocalCache cache(int64_t limit = 1'000'000) const {
    return LocalCache((root_ / "cache").string(), limit, GetParam());
  }

  std::shared_ptr<const InputFile> get(LocalCache& cache, const std::string& name, int64_t size) {
    return cache.get(key_of(name), size, [&](CacheWriter& writer) {
      ++filled_;
      write_text(writer, bytes_of(name[0], static_cast<size_t>(size)));
    });
  }

  /// The endings of what lies in the folder.
  std::multiset<std::string> left() const {
    std::multiset<std::string> kinds;
    for (const auto& file : fs::directory_iterator(root_ / "cache"))
      kinds.insert(file.path().extension().string());
    kinds.erase(".lock");
    for (const auto& file : fs::directory_iterator(root_ / "cache"))
      if (file.path().extension() == ".lock" && file.path().filename() != "folder.lock")
        kinds.insert(".lock");
    return kinds;
  }

  /// A process that begins to fill `name`, says so, and never ends.
  pid_t start_and_hang(const std::string& name, int64_t size) {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      LocalCache own = cache();
      own.get(key_of(name), size, [&](CacheWriter& writer) {
        write_text(writer, "beginning");
        [[maybe_unused]] const ssize_t told = ::write(pipe[1], "x", 1);
        ::pause();
      });
      ::_exit(1);
    }
    char byte = 0;
    EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
    ::close(pipe[0]);
    ::close(pipe[1]);
    return child;
  }

  static void kill_hard(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  TemporaryFolder root_;
  std::atomic<int> filled_ = 0;
};

INSTANTIATE_TEST_SUITE_P(FilesWithoutAndWithNames, LocalCacheTest, testing::Bool());

TEST_P(LocalCacheTest, FillsOnceAndKeeps) {
  LocalCache first = cache();
  EXPECT_EQ(read_all(*get(first, "a", 5000), 5000), bytes_of('a', 5000));
  LocalCache second = cache();
  const auto file = get(second, "a", 5000);
  EXPECT_EQ(file->name(), "s3://b/a");
  EXPECT_EQ(read_all(*file, 5000), bytes_of('a', 5000));
  EXPECT_EQ(filled_, 1);
  EXPECT_THAT(left(), UnorderedElementsAre(".data"));
}

TEST_P(LocalCacheTest, KeepsVersionsAndKindsApart) {
  LocalCache own = cache();
  const auto entry = [&](const CacheKey& key, const std::string& text) {
    return read_all(*own.get(key, std::nullopt, [&](CacheWriter& writer) { write_text(writer, text); }), 100);
  };
  EXPECT_EQ(entry({"a", "v1", "copy"}, "one"), "one");
  EXPECT_EQ(entry({"a", "v2", "copy"}, "two"), "two");
  EXPECT_EQ(entry({"a", "v1", "unpacked"}, "three"), "three");
  EXPECT_EQ(entry({"a", "v1", "copy"}, "four"), "one");
}

TEST_P(LocalCacheTest, DropsWhatWasUnusedLongest) {
  LocalCache own = cache(10'000);
  for (const char* name : {"a", "b", "a", "c"}) {
    get(own, name, 4000);
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(filled_, 3);
  get(own, "a", 4000);
  EXPECT_EQ(filled_, 3) << "a was used after b, and stays";
  get(own, "b", 4000);
  EXPECT_EQ(filled_, 4) << "b had to go for c";
}

TEST_P(LocalCacheTest, DoesNotDropWhatIsInUse) {
  LocalCache own = cache(10'000);
  auto a = get(own, "a", 6000);
  EXPECT_THROW(get(own, "b", 6000), CacheFullError);
  EXPECT_THROW(get(own, "c", 10'001), CacheFullError);
  a.reset();
  EXPECT_EQ(read_all(*get(own, "b", 6000), 6000), bytes_of('b', 6000));
  EXPECT_THAT(left(), UnorderedElementsAre(".data"));
}

TEST_P(LocalCacheTest, BoundsEntriesOfUnknownSize) {
  LocalCache own = cache(10'000);
  const auto grow = [&](int pieces) {
    return own.get(key_of("x"), std::nullopt, [&](CacheWriter& writer) {
      for (int i = 0; i < pieces; ++i) write_text(writer, bytes_of('x', 1000));
    });
  };
  EXPECT_THROW(grow(11), CacheFullError);
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(grow(10)->size(), 10'000);
}

TEST_P(LocalCacheTest, LeavesNothingOfAFailedFill) {
  LocalCache own = cache();
  const auto fail = [&](std::optional<int64_t> size) {
    own.get(key_of("x"), size, [](CacheWriter& writer) {
      write_text(writer, "half");
      throw DataError("the source is broken");
    });
  };
  EXPECT_THROW(fail(8), DataError);
  EXPECT_THROW(fail(std::nullopt), DataError);
  EXPECT_THROW(own.get(key_of("x"), 8, [](CacheWriter& writer) { write_text(writer, "half"); }), DataError);
  EXPECT_THAT(left(), IsEmpty());
}

TEST_P(LocalCacheTest, FillsOnceForManyThreadsAndProcesses) {
  const fs::path log = root_ / "log";
  const auto use = [&] {
    LocalCache own = cache();
    const auto file = own.get(key_of("a"), 100'000, [&](CacheWriter& writer) {
      std::ofstream(log, std::ios::app) << "filled\n";
      std::this_thread::sleep_for(50ms);
      write_text(writer, bytes_of('a', 100'000));
    });
    return read_all(*file, 100'000) == bytes_of('a', 100'000);
  };
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(use() ? 0 : 1);
    children.push_back(child);
  }
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { right += use() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(right, 4);
  EXPECT_EQ(read_file(log), "filled\n");
  EXPECT_THAT(left(), UnorderedElementsAre(".data"));
}

TEST_P(LocalCacheTest, WaitersTakeOverFromAKilledProcess) {
  const pid_t child = start_and_hang("a", 1000);
  std::thread waiter([&] {
    LocalCache own = cache();
    EXPECT_EQ(read_all(*get(own, "a", 1000), 1000), bytes_of('a', 1000));
  });
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(filled_, 0);
  kill_hard(child);
  waiter.join();
  EXPECT_EQ(filled_, 1);
  EXPECT_THAT(left(), UnorderedElementsAre(".data"));
}

TEST_P(LocalCacheTest, ReservationsCountWhileTheirProcessLives) {
  const pid_t child = start_and_hang("a", 700'000);
  LocalCache own = cache(1'000'000);
  EXPECT_THROW(get(own, "b", 400'000), CacheFullError);
  get(own, "c", 200'000);
  kill_hard(child);
  EXPECT_EQ(left().count(".lock"), 1u);
  get(own, "b", 400'000);  // makes room, and so finds what the dead one left
  EXPECT_THAT(left(), UnorderedElementsAre(".data", ".data"));
}

TEST_P(LocalCacheTest, StaysWithinTheLimitWhileManyDownload) {
  constexpr int64_t kLimit = 1'000'000;
  cache(kLimit);
  std::atomic<bool> done = false;
  std::atomic<int64_t> most = 0;
  std::thread observer([&] {
    while (!done) {
      int64_t sum = 0;
      std::error_code gone;
      for (const auto& file : fs::directory_iterator(root_ / "cache")) {
        const auto size = fs::file_size(file.path(), gone);
        if (!gone) sum += static_cast<int64_t>(size);
      }
      most = std::max<int64_t>(most, sum);
      std::this_thread::sleep_for(1ms);
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      LocalCache own = cache(kLimit);
      for (int i = 0; i < 20; ++i) {
        try {
          get(own, str_format("{}-{}", t, i), 200'000 + 1000 * i);
        } catch (const CacheFullError&) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  observer.join();
  EXPECT_LE(most, kLimit + 100);  // and the numbers in the lock files
  EXPECT_GT(filled_, 40);
}

TEST_P(LocalCacheTest, EvictsWhenTheDiskIsFullAndThenSaysSo) {
  const fs::path disk = root_ / "cache";
  fs::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m,mode=700") != 0)
    GTEST_SKIP() << "mounting needs root";
  {
    LocalCache own = cache(1'000'000'000);
    get(own, "a", 600'000);
    get(own, "b", 600'000);
    EXPECT_EQ(filled_, 2);
    EXPECT_THAT(left(), UnorderedElementsAre(".data")) << "a had to go";
    try {
      get(own, "c", 2'000'000);
      ADD_FAILURE() << "2 MB went onto a disk of 1 MiB";
    } catch (const CacheFullError& error) {
      EXPECT_THAT(error.what(), HasSubstr("No space left"));
      EXPECT_THAT(error.what(), HasSubstr(disk.string()));
    }
    EXPECT_THAT(left(), IsEmpty());
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

// Without root: a process that may write no larger files.
TEST_P(LocalCacheTest, SaysThatAWriteFailedAndLeavesNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 100'000, .rlim_max = 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    LocalCache own = cache();
    try {
      get(own, "a", 500'000);
    } catch (const CacheFullError& error) {
      const std::string message = error.what();
      const bool said =
          message.find("cannot write its copy of s3://b/a: File too large; name another folder") !=
          std::string::npos;
      ::_exit(said ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(left(), IsEmpty());
}

// Each time several processes that make, read and drop entries are killed wherever they are. What they leave
// is whole entries within the limit, and the next one clears away the rest.
TEST_P(LocalCacheTest, SurvivesTheDeathOfManyProcesses) {
  constexpr int64_t kLimit = 1'000'000;
  cache(kLimit);
  RandomStream random(3);
  for (int round = 0; round < 12; ++round) {
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child > 0) children.push_back(child);
      for (int n = 0; child == 0; ++n) {
        LocalCache own = cache(kLimit);
        try {
          get(own, std::string(1, static_cast<char>('a' + (3 * n + i) % 8)), 200'000);
        } catch (const CacheFullError&) {
        }
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + random.below(30)));
    for (const pid_t child : children) ::kill(child, SIGKILL);
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    for (const auto& file : fs::directory_iterator(root_ / "cache")) {
      if (file.path().extension() != ".data") continue;
      EXPECT_EQ(fs::file_size(file.path()), 200'000);
    }
    EXPECT_LE(left().count(".data"), 5u);
  }
  LocalCache own = cache(kLimit);
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"})
    EXPECT_EQ(read_all(*get(own, name, 200'000), 200'000), bytes_of(name[0], 200'000));
  EXPECT_EQ(left().count(".data"), left().size()) << "no lock and no part of a file is left";
  EXPECT_EQ(left().size(), 5u);
}

TEST(LocalCache, RefusesAFolderThatItCannotUse) {
  const TemporaryFolder root;
  write_file_atomically(root / "file", "");
  EXPECT_THROW(LocalCache((root / "file").string(), 1000), UnavailableError);
  EXPECT_THROW(LocalCache("/proc/cache", 1000), UnavailableError);
}

}  // namespace
}  // namespace echelon::storage
