#include "train/record/trace.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon::train {
namespace {

TEST(Trace, EventsSurviveTheWayToAnotherRank) {
  const std::vector<TraceEvent> events = {{"3F5", "forward", 0.1, 1.0 / 3},
                                          {"optimizer", "step", 12345678.000001, 12345678.5}};
  EXPECT_EQ(unpack_events(pack_events(events)), events);
  EXPECT_TRUE(unpack_events("").empty());
  EXPECT_THROW(unpack_events("3F5\tforward\t0x1p+0"), InternalError);
}

TEST(Trace, IsWrittenInTheTraceEventFormat) {
  const TemporaryFolder folder;
  write_trace(folder / "trace.json", {{{"0F0", "forward", 10.0, 10.5}}, {{"1F0", "forward", 10.75, 11.0}}});
  const nlohmann::json trace = nlohmann::json::parse(read_file(folder / "trace.json"));
  ASSERT_EQ(trace["traceEvents"].size(), 4);  // a name and an event a rank
  EXPECT_EQ(trace["traceEvents"][0]["args"]["name"], "rank 0");
  const nlohmann::json& second = trace["traceEvents"][3];
  EXPECT_EQ(second["ph"], "X");
  EXPECT_EQ(second["name"], "1F0");
  EXPECT_EQ(second["pid"], 1);
  EXPECT_DOUBLE_EQ(second["ts"], 750'000) << "microseconds since the first start of any rank";
  EXPECT_DOUBLE_EQ(second["dur"], 250'000);
}

}  // namespace
}  // namespace echelon::train
