#include "predict/tensor_model/package_model.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "common/error.h"
#include "predict/tensor_model/saved_models.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Of the library compiled_model.cpp.
class PackageModelTest : public testing::Test {
 protected:
  PackageModelTest() { setenv("TMPDIR", unpacked_.path().c_str(), 1); }
  ~PackageModelTest() override { unsetenv("TMPDIR"); }

  /// As if it had been exported for `least` to `most` rows.
  std::unique_ptr<TensorModel> open(int64_t least, int64_t most, const std::string& library = COMPILED_MODEL,
                                    TensorModelOptions options = {.given = {"x"}}) {
    options.path = (folder_ / "model.pt2").string();
    const auto name = least == most ? CheckedSize::Name::kNone : CheckedSize::Name::kOwn;
    const CheckedSize rows{.least = least, .most = most, .stride = 3, .name = name};
    save_package(options.path, library,
                 generated_source({{"float32", {rows, {.least = 3, .most = 3, .stride = 1}}}}));
    return open_package_model(options);
  }

  std::string problem(const std::string& library, const TensorModelOptions& options = {.given = {"x"}}) {
    try {
      open(2, 64, library, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  static at::Tensor scores(const at::Tensor& x) {
    return x.matmul(at::tensor({1.0F, 4.0F, 2.0F, 5.0F, 3.0F, 6.0F}).view({3, 2}));
  }

  /// Rows that each call of the package got, a value for every row.
  static std::vector<float> rows_at_once(const NamedTensor& made) {
    const at::Tensor rows = made.value.contiguous();
    return {rows.const_data_ptr<float>(), rows.const_data_ptr<float>() + rows.numel()};
  }

  TemporaryFolder folder_, unpacked_;
};

TEST_F(PackageModelTest, ComputesWithItsWeights) {
  const auto model = open(2, 64);
  EXPECT_THAT(model->inputs(), ElementsAre("x"));
  EXPECT_EQ(model->outputs(), (std::vector<std::string>{"scores", "rows"}));
  EXPECT_EQ(model->signature(), (folder_ / "model.pt2").string() + " (x float32 [rows, 3])");
  const at::Tensor x = at::tensor({1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F}).view({2, 3});
  const auto made = model->run({x});
  ASSERT_THAT(made, SizeIs(2));
  EXPECT_EQ(made[0].name, "scores");
  EXPECT_TRUE(made[0].value.equal(at::tensor({1.0F, 4.0F, 6.0F, 15.0F}).view({2, 2})));
  EXPECT_THAT(rows_at_once(made[1]), ElementsAre(2, 2));
}

TEST_F(PackageModelTest, FewerRowsThanItTakesAreFilledUp) {
  const auto model = open(2, 64);
  const at::Tensor x = at::randn({1, 3});
  const auto made = model->run({x});
  EXPECT_TRUE(made[0].value.allclose(scores(x)));
  EXPECT_EQ(made[0].value.size(0), 1);
  EXPECT_THAT(rows_at_once(made[1]), ElementsAre(2));
}

TEST_F(PackageModelTest, MoreRowsThanItTakesGoInParts) {
  const at::Tensor x = at::randn({7, 3});
  const auto parts = open(2, 4)->run({x});
  EXPECT_TRUE(parts[0].value.allclose(scores(x)));
  EXPECT_THAT(rows_at_once(parts[1]), ElementsAre(4, 4, 4, 4, 3, 3, 3));
  const auto fixed = open(4, 4)->run({x});
  EXPECT_TRUE(fixed[0].value.allclose(scores(x)));
  EXPECT_THAT(rows_at_once(fixed[1]), ElementsAre(4, 4, 4, 4, 4, 4, 4));
}

TEST_F(PackageModelTest, OtherTensorsDoNotReachIt) {
  const auto model = open(2, 64);
  EXPECT_THROW(model->run({at::zeros({2, 4})}), RefusedTensors);
  EXPECT_THROW(model->run({at::zeros({2, 3}, at::kDouble)}), RefusedTensors);
  EXPECT_THROW(model->run({at::zeros({2, 3, 1})}), RefusedTensors);
  const at::Tensor turned = at::randn({3, 5}).t();
  EXPECT_TRUE(model->run({turned})[0].value.allclose(scores(turned)));
}

TEST_F(PackageModelTest, WhatItSaysOfItsInputsIsPassedOn) {
  const auto model = open(2, 64);
  testing::internal::CaptureStderr();
  try {
    model->run({at::full({2, 3}, -2000.0)});
    FAIL() << "the model took what it refuses";
  } catch (const RefusedTensors& refusal) {
    EXPECT_STREQ(refusal.what(), "numbers below -1000 are not taken");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(PackageModelTest, ThreadsAskAtOnce) {
  const auto model = open(2, 64, COMPILED_MODEL, {.given = {"x"}, .calls_at_once = 2});
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      const at::Tensor x = at::full({5, 3}, static_cast<double>(thread));
      for (int call = 0; call < 50; ++call) wrong += !model->run({x})[0].value.equal(scores(x));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(PackageModelTest, NothingStaysUnpacked) {
  const auto model = open(2, 64);
  EXPECT_TRUE(fs::is_empty(unpacked_.path()));
  EXPECT_NE(problem(COMPILED_MODEL_WITHOUT_WEIGHTS), "");
  EXPECT_TRUE(fs::is_empty(unpacked_.path()));
}

TEST_F(PackageModelTest, WhereItIsUnpackedIsSaidWhereThatFails) {
  setenv("TMPDIR", (folder_ / "absent").c_str(), 1);
  EXPECT_THAT(problem(COMPILED_MODEL),
              HasSubstr("model.pt2 cannot be unpacked: no folder can be made in TMPDIR"));
}

TEST_F(PackageModelTest, NamesThatDoNotFitAreRefused) {
  EXPECT_THAT(problem(COMPILED_MODEL, {.given = {}}), HasSubstr("inputs.x: is missing; the model is "));
  EXPECT_THAT(problem(COMPILED_MODEL, {.given = {"x", "y"}}), HasSubstr("inputs.y: the model has no \"y\""));
  EXPECT_THAT(problem(COMPILED_MODEL, {.method = "modl", .given = {"x"}}),
              HasSubstr("did you mean \"model\"?"));
  EXPECT_THAT(problem(COMPILED_MODEL, {.given = {"x"}, .constants = {{"scale", "2"}}}),
              HasSubstr("constants.scale: a compiled package holds"));
}

TEST_F(PackageModelTest, WhatWouldNotSayTheSameTwiceIsRefused) {
  EXPECT_THAT(problem(COMPILED_MODEL_THAT_COUNTS), HasSubstr("changes its 0.weight with every call"));
  EXPECT_THAT(problem(COMPILED_MODEL_WITHOUT_WEIGHTS), HasSubstr("was compiled without its weights"));
}

TEST_F(PackageModelTest, WhatIsNoLibraryIsNotLoaded) {
  write_file_atomically(folder_ / "text", "no library");
  EXPECT_THAT(problem(folder_ / "text"), HasSubstr("cannot load it: "));
  EXPECT_THAT(problem(folder_ / "text"), HasSubstr("model.pt2"));
}

}  // namespace
}  // namespace echelon::predict
