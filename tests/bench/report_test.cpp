#include "bench/report.h"

#include <gmock/gmock.h>

#include "bench/measurements.h"

namespace echelon::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

const Subject kSubject{.name = "job", .samples = "images", .limit = "decoding, on 2 threads a rank"};

TEST(Report, SaysRatesStagesAndLimit) {
  const std::string text = to_text(kSubject, {example()});
  EXPECT_THAT(text, HasSubstr("echelon bench data job\n"));
  EXPECT_THAT(text, HasSubstr("opened in 1.50 s (tokenise 1.25 s), the first batch 250 ms later\n"));
  EXPECT_THAT(text, HasSubstr("100 images/s, 4.77 MiB/s read, in 10.0 s\n")) << "50 MB in 10 s";
  EXPECT_THAT(text, Not(HasSubstr("tokens/s")));
  EXPECT_THAT(
      text, HasSubstr("1 rank × 2 threads, busy 80.0 %; the loop waits 90.0 % of its time; 1.50 of 2 cores"));
  EXPECT_THAT(text, HasSubstr("decode  14.0 ms  70.0 %\n"));
  EXPECT_THAT(text, HasSubstr("read    2.00 ms  10.0 %\n"));
  EXPECT_THAT(text, Not(HasSubstr("transform"))) << "nothing was";
  EXPECT_THAT(text, HasSubstr("300 MiB"));
  EXPECT_THAT(text, testing::EndsWith("limit    decoding, on 2 threads a rank"));
}

TEST(Report, ShowsTheEndsOfManyRanks) {
  std::vector<RankMeasurement> ranks;
  for (int rank = 0; rank < 64; ++rank) {
    ranks.push_back(example(rank));
    ranks.back().samples = 1000 + 10 * ((rank * 37) % 64);
  }
  const std::string text = to_text(kSubject, ranks);
  EXPECT_THAT(text, HasSubstr("64 ranks × 2 threads"));
  EXPECT_THAT(text, HasSubstr("     0       100  ")) << "the slowest";
  EXPECT_THAT(text, HasSubstr("  163  ")) << "the fastest: 1630 in ten seconds";
  EXPECT_THAT(text, Not(HasSubstr("  132  "))) << "one in the middle";
}

}  // namespace
}  // namespace echelon::bench
