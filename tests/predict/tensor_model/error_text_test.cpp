#include "predict/tensor_model/error_text.h"

#include <gmock/gmock.h>

#include <iostream>
#include <sstream>
#include <thread>

namespace echelon::predict {
namespace {

TEST(ErrorText, KeepsWhatItsOwnThreadSays) {
  testing::internal::CaptureStderr();
  {
    const ErrorText kept;
    std::cerr << "mine " << 3 << '\n';
    std::thread([] { std::cerr << "another's\n"; }).join();
    EXPECT_EQ(kept.text(), "mine 3\n");
  }
  std::cerr << "later\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "another's\nlater\n");
}

TEST(ErrorText, TheReasonIsTheLastThatLibTorchGives) {
  EXPECT_EQ(
      reason_in(
          "[E c_shim.cpp:594] Exception in aoti_torch: shapes differ\nframe #0: …\n\nError: call failed\n",
          "none"),
      "shapes differ");
  EXPECT_EQ(reason_in("a warning\nError: dim value is too small at 0\n", "none"),
            "dim value is too small at 0");
  EXPECT_EQ(reason_in("a warning\n", "none"), "none");
}

}  // namespace
}  // namespace echelon::predict
