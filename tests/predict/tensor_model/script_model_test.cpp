#include "predict/tensor_model/script_model.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "common/error.h"
#include "predict/tensor_model/saved_models.h"
#include "temporary_folder.h"

namespace echelon::predict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScriptModelTest : public testing::Test {
 protected:
  /// The model of `source`; `options` without the path.
  std::unique_ptr<TensorModel> open(const std::string& source,
                                    TensorModelOptions options = {.given = {"x"}}) {
    options.path = (folder_ / "model.pt").string();
    save_script(options.path, source);
    return open_script_model(options);
  }

  std::string problem(const std::string& source, const TensorModelOptions& options = {.given = {"x"}}) {
    try {
      open(source, options);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  static std::vector<std::string> names(const std::vector<NamedTensor>& tensors) {
    std::vector<std::string> names;
    for (const NamedTensor& tensor : tensors) names.push_back(tensor.name);
    return names;
  }

  TemporaryFolder folder_;
};

TEST_F(ScriptModelTest, ComputesWithTheParameters) {
  const auto model = open("def forward(self, x): return x @ self.weight.t()");
  EXPECT_THAT(model->inputs(), ElementsAre("x"));
  const auto made = model->run({at::tensor({1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 1.0F}).view({2, 3})});
  EXPECT_THAT(names(made), ElementsAre(""));
  EXPECT_TRUE(made[0].value.equal(at::tensor({1.0F, 4.0F, 6.0F, 15.0F}).view({2, 2})));
}

TEST_F(ScriptModelTest, ConstantsAreOfTheTypeOfTheArgument) {
  const std::string source =
      "def forward(self, x, rate: int, scale: float, negate: bool, mode: str, extra: int = 3):\n"
      "    y = x * rate * scale + extra\n"
      "    if negate:\n"
      "        y = -y\n"
      "    if mode == 'twice':\n"
      "        y = 2 * y\n"
      "    return y";
  TensorModelOptions options{
      .given = {"x"}, .constants = {{"rate", "2"}, {"scale", "0.5"}, {"negate", "true"}, {"mode", "twice"}}};
  const auto model = open(source, options);
  EXPECT_EQ(model->run({at::ones({1, 1})})[0].value.item<float>(), -8.0F);
  options.constants["rate"] = "2.5";
  EXPECT_THAT(problem(source, options), HasSubstr("constants.rate: \"2.5\" is no whole number"));
  options.constants["rate"] = "2";
  options.constants["negate"] = "yes";
  EXPECT_THAT(problem(source, options), HasSubstr("constants.negate: \"yes\" is neither true nor false"));
  options.constants.erase("negate");
  EXPECT_THAT(problem(source, options), HasSubstr("constants.negate: is missing"));
  options.constants["negat"] = "true";
  options.constants["negate"] = "true";
  EXPECT_THAT(problem(source, options), HasSubstr("did you mean \"negate\"?"));
}

TEST_F(ScriptModelTest, InputsAndMethodsAreCalledAsInTheFile) {
  const std::string source = "def forward(self, values, mask: Optional[Tensor] = None): return values";
  EXPECT_THAT(problem(source, {.given = {"value"}}), HasSubstr("inputs.values: is missing; the model is "));
  EXPECT_THAT(problem(source, {.given = {"mas", "values"}}), HasSubstr("did you mean \"mask\"?"));
  EXPECT_EQ(problem(source, {.given = {"values"}}), "");
  EXPECT_THAT(open(source, {.given = {"mask", "values"}})->inputs(), ElementsAre("values", "mask"));
  EXPECT_THAT(problem(source, {.method = "fowrard", .given = {"values"}}),
              HasSubstr("did you mean \"forward\"?"));
  EXPECT_THAT(problem("def score(self, x): return x"),
              HasSubstr("has no method forward; choose one of score"));
  EXPECT_EQ(problem("def score(self, x): return x", {.method = "score", .given = {"x"}}), "");
}

TEST_F(ScriptModelTest, SeveralTensorsHaveNames) {
  const auto tuple = open("def forward(self, x): return x, x + 1");
  EXPECT_EQ(tuple->outputs(), (std::vector<std::string>{"output_0", "output_1"}));
  EXPECT_THAT(names(tuple->run({at::ones({1, 1})})), ElementsAre("output_0", "output_1"));
  const auto dictionary = open("def forward(self, x): return {'logits': x, 'other': x + 1}");
  EXPECT_EQ(dictionary->outputs(), std::nullopt);
  EXPECT_THAT(names(dictionary->run({at::ones({1, 1})})), ElementsAre("logits", "other"));
  EXPECT_THAT(names(open("def forward(self, x): return [x, x, x]")->run({at::ones({1, 1})})),
              ElementsAre("output_0", "output_1", "output_2"));
  EXPECT_THAT(problem("def forward(self, x): return 3"), HasSubstr("makes int, of which no columns"));
  EXPECT_THAT(problem("def forward(self, x): return (x, 'name')"), HasSubstr("of which no columns"));
}

TEST_F(ScriptModelTest, EveryCallBeginsWithTheStateInTheFile) {
  for (const char* source :
       {"def forward(self, x):\n    self.total = self.total + x.sum()\n    return x + self.total",
        "def forward(self, x):\n    self.total.add_(x.sum())\n    return x + self.total",
        "def add(self, x):\n    self.calls = self.calls + 1\n\n"
        "def forward(self, x):\n    self.add(x)\n    return x + x.sum() * self.calls"}) {
    const auto model = open(source);
    for (int call = 0; call < 3; ++call)
      EXPECT_EQ(model->run({at::ones({2, 1})})[0].value[0].item<float>(), 3.0F) << source;
  }
}

TEST_F(ScriptModelTest, ThreadsDoNotSeeEachOthersState) {
  const auto model = open(
      "def forward(self, x):\n"
      "    for i in range(100):\n"
      "        self.total = self.total + x\n"
      "    return self.total");
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int call = 0; call < 20; ++call)
        wrong +=
            model->run({at::full({1}, thread)})[0].value.item<float>() != 100.0F * static_cast<float>(thread);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ScriptModelTest, WhatTheModelSaysOfItsInputsIsPassedOn) {
  const auto model = open(
      "def forward(self, x):\n"
      "    assert x.size(1) == 3, 'three numbers are needed'\n"
      "    return x");
  try {
    model->run({at::ones({2, 2})});
    FAIL() << "the model took what it refuses";
  } catch (const RefusedTensors& refusal) {
    EXPECT_THAT(refusal.what(), HasSubstr("three numbers are needed"));
    EXPECT_THAT(refusal.what(), testing::Not(HasSubstr("\n")));
  }
}

TEST_F(ScriptModelTest, WhatIsNoScriptIsNotLoaded) {
  save_archive(folder_ / "model.pt", {{"constants.pkl", "x"}, {"code/__torch__.py", "x"}, {"data.pkl", "x"}});
  EXPECT_THROW(open_script_model({.path = (folder_ / "model.pt").string(), .given = {"x"}}), CheckpointError);
}

}  // namespace
}  // namespace echelon::predict
