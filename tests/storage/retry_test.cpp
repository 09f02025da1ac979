#include "storage/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/clock.h"
#include "storage/retrying.h"
#include "storage/support/memory_store.h"
#include "storage/unavailable_error.h"

namespace echelon::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const RetryPolicy kQuick{
    .attempts = 5, .first_delay = 0.001, .growth = 2, .longest_delay = 0.01, .time_limit = 10};

TEST(Retry, TriesAgainUntilItSucceeds) {
  int calls = 0;
  retry(kQuick, "reading", [&] {
    if (++calls < 4) throw TransientError("HTTP 503");
  });
  EXPECT_EQ(calls, 4);
}

TEST(Retry, GivesUpWithWhatWasDoneAndWhy) {
  int calls = 0;
  try {
    retry(kQuick, "reading s3://b/k at offset 7", [&] {
      ++calls;
      throw TransientError("HTTP 503");
    });
    FAIL() << "it returned";
  } catch (const TransientError&) {
    FAIL() << "the error that says it gave up must not be retried by an outer call";
  } catch (const UnavailableError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("reading s3://b/k at offset 7"), HasSubstr("5 attempts"),
                                    HasSubstr("HTTP 503")));
  }
  EXPECT_EQ(calls, 5);
}

TEST(Retry, PassesOtherErrorsOn) {
  int calls = 0;
  EXPECT_THROW(retry(kQuick, "reading",
                     [&] {
                       ++calls;
                       throw DataError("no such key");
                     }),
               DataError);
  EXPECT_EQ(calls, 1);
}

TEST(Retry, WaitsLongerEachTimeAndWithinTheLimit) {
  const RetryPolicy policy{
      .attempts = 100, .first_delay = 0.02, .growth = 2, .longest_delay = 10, .time_limit = 0.3};
  int calls = 0;
  const Stopwatch watch;
  EXPECT_THROW(retry(policy, "reading",
                     [&] {
                       ++calls;
                       throw TransientError("no");
                     }),
               UnavailableError);
  EXPECT_LT(watch.seconds(), 5);
  EXPECT_GE(calls, 3);  // waits of at most 20, 40, 80, 160 ms lie within 300 ms
  EXPECT_LE(calls, 6);  // waits of at least 10, 20, 40, 80, 160, 320 ms do not
}

TEST(RetryingFileSystem, ReadsThroughFailures) {
  class FlakyStore : public MemoryStore {
   public:
    std::shared_ptr<const RandomAccessFile> open(const std::string& path) const override {
      if (opened++ < 2) throw TransientError("the connection was refused");
      auto file = std::make_shared<const MemoryFile>("s3://" + path, "0123456789");
      file->failures = 3;
      return file;
    }
    mutable int opened = 0;
  };
  const auto system = with_retries(std::make_unique<FlakyStore>(), kQuick);
  const auto file = system->open("b/k");
  std::string bytes(4, ' ');
  file->read(3, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  EXPECT_EQ(bytes, "3456");
  EXPECT_THROW(file->read(8, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}), DataError);
}

}  // namespace
}  // namespace echelon::storage
