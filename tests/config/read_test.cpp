// Every kind of problem with its exact line, and what is read when there is none.
#include "config/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/sample_problems.h"
#include "config/time_limit.h"

namespace echelon::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The only problem of the sample with `more` behind it, which starts on line 7.
std::string problem(std::string_view more) {
  const auto lines = sample_problems(sample_text(more));
  EXPECT_EQ(lines.size(), 1u) << testing::PrintToString(lines);
  return lines.empty() ? "" : lines[0];
}

TEST(Read, FillsEveryKindOfField) {
  const sample::Settings s = parse_sample(R"(
run: night run
global_batch: 64
tolerance: 2
model:
  name: sequential
  layers:
    - conv: {out: 32}
    - relu
    - residual:
        layers: [relu, conv: {out: 8, kernel: 5}]
    - relu:
optimizer: {name: adamw, lr: 3e-4, clip_norm: 1, betas: [0.8, 0.9], schedule: {steps: 500}}
data: {train: [sample_settings.h, "*.cpp"], test: null, on_error: skip, note: 'true'}
weights: {cat: 1, dog: .5}
phases: [{warmup: 1}, {shape: constant}]
finish: {}
)");
  EXPECT_EQ(s.run, "night run");
  EXPECT_EQ(s.global_batch, 64);
  EXPECT_EQ(s.micro_batch, 8);
  EXPECT_EQ(s.tolerance, 2.0);
  const auto& layers = std::get<sample::Sequential>(s.model).layers;
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(std::get<sample::Conv>(layers[0]), (sample::Conv{32, 3}));
  EXPECT_TRUE(std::holds_alternative<sample::Relu>(layers[1]));
  EXPECT_EQ(std::get<sample::Conv>(std::get<sample::Residual>(layers[2]).layers[1]), (sample::Conv{8, 5}));
  const auto& adamw = std::get<sample_optim::AdamW>(s.optimizer);
  EXPECT_EQ(adamw.lr, 3e-4);
  EXPECT_EQ(adamw.clip_norm, 1.0);
  EXPECT_THAT(adamw.betas, ElementsAre(0.8, 0.9));
  EXPECT_EQ(adamw.schedule.steps, 500);
  EXPECT_EQ(s.data.train[0].path, std::string(kSampleFolder) + "sample_settings.h");
  EXPECT_EQ(s.data.test, std::nullopt);
  EXPECT_EQ(s.data.on_error, sample::OnError::kSkip);
  EXPECT_EQ(s.data.note, "true");
  EXPECT_EQ(s.weights, (std::map<std::string, double>{{"cat", 1}, {"dog", 0.5}}));
  EXPECT_EQ(s.phases[0].warmup, 1);
  EXPECT_EQ(s.phases[1].shape, "constant");
  EXPECT_EQ(s.finish, sample_optim::Schedule());
}

TEST(Read, UnknownKeys) {
  EXPECT_EQ(problem("micro_bacth: 3\n"),
            "f.yaml:7:1: unknown key 'micro_bacth'; did you mean 'micro_batch'?");
  EXPECT_EQ(problem("optimizer: {name: sgd, momentun: 0.5}\n"),
            "f.yaml:7:24: optimizer: unknown key 'momentun'; did you mean 'momentum'?");
  EXPECT_EQ(problem("momentum: 0.5\n"),
            "f.yaml:7:1: unknown key 'momentum'; it belongs to 'optimizer' with name: sgd");
  EXPECT_EQ(problem("optimizer: {name: adamw, momentum: 0.5}\n"),
            "f.yaml:7:26: optimizer: unknown key 'momentum'; it belongs to 'optimizer' with name: sgd");
  EXPECT_EQ(problem("finish: {run: x}\n"),
            "f.yaml:7:10: finish: unknown key 'run'; it belongs to the top level");
  EXPECT_EQ(problem("finish: {zzz: x}\n"),
            "f.yaml:7:10: finish: unknown key 'zzz'; allowed: shape, warmup or steps");
}

TEST(Read, MissingKeys) {
  EXPECT_THAT(sample_problems(""), ElementsAre("f.yaml:1:1: missing required key 'model'",
                                               "f.yaml:1:1: missing required key 'data.train'"));
  EXPECT_THAT(sample_problems("model:\n  widths: [3]\ndata:\n  bits: 8\n"),
              ElementsAre("f.yaml:1:1: model: missing key 'name'; allowed: mlp or sequential",
                          "f.yaml:3:1: missing required key 'data.train'"));
  EXPECT_THAT(sample_problems("model: {name: sequential, layers: [conv]}\ndata: {train: [read_test.cpp]}"),
              ElementsAre("f.yaml:1:36: missing required key 'model.layers.0.conv.out'"));
}

TEST(Read, WrongTypes) {
  EXPECT_EQ(problem("micro_batch: abc\n"),
            "f.yaml:7:14: micro_batch: expected an integer, found the text 'abc'");
  EXPECT_EQ(problem("micro_batch: 1_000\n"),
            "f.yaml:7:14: micro_batch: expected an integer, found the text '1_000'; write 1000");
  EXPECT_EQ(problem("micro_batch: 64e3\n"),
            "f.yaml:7:14: micro_batch: expected an integer, found the number 64e3; write 64000");
  EXPECT_EQ(problem("micro_batch: 2.5\n"),
            "f.yaml:7:14: micro_batch: expected an integer, found the number 2.5");
  EXPECT_EQ(problem("micro_batch: '4'\n"),
            "f.yaml:7:14: micro_batch: expected an integer, found the text '4'; write 4 without quotes");
  EXPECT_EQ(problem("micro_batch:\n"), "f.yaml:7:1: micro_batch: expected an integer, found nothing");
  EXPECT_EQ(problem("micro_batch: [4]\n"), "f.yaml:7:14: micro_batch: expected an integer, found a list");
  EXPECT_EQ(problem("micro_batch: 99999999999999999999\n"),
            "f.yaml:7:14: micro_batch: 99999999999999999999 is too large for an integer of 64 bits");
  EXPECT_EQ(problem("tolerance: true\n"), "f.yaml:7:12: tolerance: expected a number, found true");
  EXPECT_EQ(problem("tolerance: '1'\n"),
            "f.yaml:7:12: tolerance: expected a number, found the text '1'; remove the quotes");
  EXPECT_EQ(problem("optimizer: {nesterov: yes}\n"),
            "f.yaml:7:23: optimizer.nesterov: expected true or false, found the text 'yes'; write true");
  EXPECT_EQ(problem("optimizer: {nesterov: off}\n"),
            "f.yaml:7:23: optimizer.nesterov: expected true or false, found the text 'off'; write false");
  EXPECT_EQ(problem("optimizer: {nesterov: True}\n"),
            "f.yaml:7:23: optimizer.nesterov: expected true or false, found True; write true");
  EXPECT_EQ(problem("optimizer: {nesterov: 3}\n"),
            "f.yaml:7:23: optimizer.nesterov: expected true or false, found the number 3");
  EXPECT_EQ(problem("finish: {shape: 5}\n"),
            "f.yaml:7:17: finish.shape: expected text, found the number 5; write it in quotes: '5'");
  EXPECT_EQ(problem("finish: 5\n"),
            "f.yaml:7:9: finish: expected a section of 'key: value' lines, found the number 5");
  EXPECT_EQ(problem("phases: 5\n"), "f.yaml:7:9: phases: expected a list, found the number 5");
  EXPECT_EQ(problem("phases: [5]\n"),
            "f.yaml:7:10: phases.0: expected a section of 'key: value' lines, found the number 5");
  EXPECT_EQ(problem("optimizer: {name: adamw, betas: 0.5}\n"),
            "f.yaml:7:33: optimizer.betas: expected a list, found the number 0.5; write [0.5]");
  EXPECT_EQ(problem("weights: [5]\n"),
            "f.yaml:7:10: weights: expected a section of names and values, found a list");
  EXPECT_EQ(problem("optimizer:\n"), "f.yaml:7:1: optimizer: expected a section, found nothing");
  EXPECT_EQ(problem("optimizer: sgd\n"),
            "f.yaml:7:12: optimizer: expected a section, found the text 'sgd'; write {name: sgd}");
}

TEST(Read, ValuesOutOfRange) {
  EXPECT_EQ(problem("micro_batch: 0\n"), "f.yaml:7:14: micro_batch: must be at least 1, is 0");
  EXPECT_EQ(problem("optimizer: {lr: 0}\n"), "f.yaml:7:17: optimizer.lr: must be above 0, is 0");
  EXPECT_EQ(problem("optimizer: {lr: 2e3}\n"), "f.yaml:7:17: optimizer.lr: must be at most 1000, is 2e3");
  EXPECT_EQ(problem("optimizer: {momentum: 1.0}\n"),
            "f.yaml:7:23: optimizer.momentum: must be below 1, is 1.0");
  EXPECT_EQ(problem("tolerance: .inf\n"), "f.yaml:7:12: tolerance: must be a finite number, is .inf");
  EXPECT_EQ(problem("tolerance: .nan\n"), "f.yaml:7:12: tolerance: must be a finite number, is .nan");
  EXPECT_EQ(problem("tolerance: 1e999\n"), "f.yaml:7:12: tolerance: must be a finite number, is 1e999");
  EXPECT_EQ(problem("optimizer: {name: adamw, betas: [0.5]}\n"),
            "f.yaml:7:33: optimizer.betas: needs at least 2 items, has 1");
  EXPECT_EQ(problem("optimizer: {name: adamw, betas: [0.1, 0.2, 0.3]}\n"),
            "f.yaml:7:33: optimizer.betas: takes at most 2 items, has 3");
  EXPECT_EQ(problem("optimizer: {name: adamw, betas: [0.5, 1]}\n"),
            "f.yaml:7:39: optimizer.betas.1: must be below 1, is 1");
  EXPECT_EQ(problem("weights: {a: -1}\n"), "f.yaml:7:14: weights.a: must be at least 0, is -1");
}

TEST(Read, NamesThatAreNotPossible) {
  EXPECT_EQ(problem("finish: {shape: cosin}\n"),
            "f.yaml:7:17: finish.shape: 'cosin' is not possible; did you mean 'cosine'; allowed: constant, "
            "linear or cosine");
  EXPECT_EQ(problem("optimizer: {name: lion}\n"),
            "f.yaml:7:19: optimizer.name: 'lion' is not possible; allowed: sgd or adamw");
  EXPECT_EQ(problem("optimizer: {name: [sgd]}\n"),
            "f.yaml:7:19: optimizer.name: expected text, found a list");
}

TEST(Read, FilesMayBeMissingWhereTheyAreNotNeeded) {
  const auto s =
      parse<sample::Settings>("model: {name: mlp}\ndata: {train: [gone, 'gone/*'], test: gone}\n",
                              std::string(kSampleFolder) + "f.yaml", {}, InputFiles::kMayBeMissing);
  EXPECT_EQ(s.data.train.size(), 2);
}

TEST(Read, DataSection) {
  const auto data = [](std::string_view fields) {
    return sample_problems("model: {name: mlp}\ndata: {train: [read_test.cpp], " + std::string(fields) +
                           "}\n");
  };
  const std::string missing = std::string(kSampleFolder) + "gone";
  EXPECT_THAT(data("on_error: ignore"),
              ElementsAre("f.yaml:2:42: data.on_error: 'ignore' is not possible; allowed: fail or skip"));
  EXPECT_THAT(data("bits: 12"),
              ElementsAre("f.yaml:2:38: data.bits: 12 is not possible; allowed: 8, 16 or 32"));
  EXPECT_THAT(data("test: gone"), ElementsAre("f.yaml:2:38: data.test: there is no 'gone' (gone)"));
  EXPECT_THAT(data("test: 'gone*'"), ElementsAre("f.yaml:2:38: data.test: there is no 'gone*' (gone*)"));
  EXPECT_THAT(data("test: /gone"), ElementsAre("f.yaml:2:38: data.test: there is no '/gone'"));
  EXPECT_THAT(data("test: ''"), ElementsAre("f.yaml:2:38: data.test: expected a path, found an empty text"));
  EXPECT_THAT(data("test: read_*.cpp"), IsEmpty());
  EXPECT_THAT(data("test: 's3://bucket/shard.tar'"), IsEmpty());
}

TEST(Read, ALonePathIsAListOfOne) {
  const auto s = parse_sample("model: {name: mlp}\ndata: {train: read_test.cpp}\n");
  EXPECT_THAT(s.data.train, ElementsAre(InputPath{std::string(kSampleFolder) + "read_test.cpp"}));
  EXPECT_THAT(sample_problems("model: {name: mlp}\ndata: {train: gone}\n"),
              ElementsAre("f.yaml:2:15: data.train.0: there is no 'gone' (gone)"));
}

TEST(Read, LayersInAList) {
  const auto layers = [](std::string_view list) {
    return sample_problems("model:\n  name: sequential\n  layers: [" + std::string(list) +
                           "]\ndata: {train: [read_test.cpp]}\n");
  };
  EXPECT_THAT(layers("relu, relu: {}, relu: "), IsEmpty());
  EXPECT_THAT(layers("con"),
              ElementsAre("f.yaml:3:12: model.layers.0: 'con' is not possible; did you mean 'conv'; allowed: "
                          "relu, conv or residual"));
  EXPECT_THAT(
      layers("{conv: {out: 2}, relu: {}}"),
      ElementsAre(
          "f.yaml:3:12: model.layers.0: expected a name, or one name with its settings below it; allowed: "
          "relu, conv or residual"));
  EXPECT_THAT(
      layers("conv: {out: 0, kernel: 2}"),
      ElementsAre("f.yaml:3:24: model.layers.0.conv.out: must be above 0, is 0",
                  "f.yaml:3:35: model.layers.0.conv.kernel: 2 is not possible; allowed: 1, 3, 5 or 7"));
  EXPECT_THAT(
      layers("conv: {out: 1, kernel: 99999999999}"),
      ElementsAre(
          "f.yaml:3:35: model.layers.0.conv.kernel: 99999999999 is too large for an integer of 32 bits"));
  EXPECT_THAT(layers("relu: {x: 1}"),
              ElementsAre("f.yaml:3:19: model.layers.0.relu: unknown key 'x'; nothing can be set here"));
}

TEST(Read, ChecksBlameTheirField) {
  EXPECT_EQ(problem("optimizer:\n  nesterov: true\n"),
            "f.yaml:8:3: optimizer.nesterov: needs momentum above 0");
  EXPECT_EQ(problem("global_batch: 30\n"), "f.yaml:7:1: global_batch: is not a multiple of micro_batch");
  EXPECT_EQ(problem("micro_batch: 7\n"), "f.yaml:1:1: global_batch: is not a multiple of micro_batch");
  EXPECT_EQ(problem("finish:\n  steps: 10\n"), "f.yaml:7:1: finish.warmup: is longer than the schedule");
}

// Without this the check of global_batch would divide by a micro_batch that was refused.
TEST(Read, ChecksWaitForTheFieldsTheyRead) {
  EXPECT_EQ(problem("micro_batch: 0\n"), "f.yaml:7:14: micro_batch: must be at least 1, is 0");
  EXPECT_THAT(sample_problems(sample_text("micro_batch: 7\ntolerance: x\n")),
              ElementsAre("f.yaml:1:1: global_batch: is not a multiple of micro_batch",
                          "f.yaml:8:12: tolerance: expected a number, found the text 'x'"));
}

// A complete configuration spells out the defaults of fields that have no effect, and must pass.
TEST(Read, WritingADefaultIsNotSettingIt) {
  EXPECT_EQ(problem("finish: {shape: constant, steps: 500}\n"),
            "f.yaml:7:27: finish.steps: has no effect when shape is constant");
  EXPECT_THAT(sample_problems(sample_text("finish: {shape: constant, steps: null}\n")), IsEmpty());
}

TEST(Read, ReportsEverythingAtOnceInOrder) {
  EXPECT_THAT(
      sample_problems("optimizer:\n  name: sgd\n  lr: -1\n  momentun: 0.9\n  lr: 3\n"
                      "runn: x\nglobal_batch: many\ndata:\n  train: [gone]\n  on_error: skp\n"
                      "model: {name: mpl}\n",
                      {"tolerance=-1", "seed=3"}),
      ElementsAre(
          "f.yaml:3:7: optimizer.lr: must be above 0, is -1",
          "f.yaml:4:3: optimizer: unknown key 'momentun'; did you mean 'momentum'?",
          "f.yaml:5:3: key 'lr' is given twice (first on line 3); remove one",
          "f.yaml:6:1: unknown key 'runn'; did you mean 'run'?",
          "f.yaml:7:15: global_batch: expected an integer, found the text 'many'",
          "f.yaml:9:11: data.train.0: there is no 'gone' (gone)",
          "f.yaml:10:13: data.on_error: 'skp' is not possible; did you mean 'skip'; allowed: fail or skip",
          "f.yaml:11:15: model.name: 'mpl' is not possible; did you mean 'mlp'; allowed: mlp or sequential",
          "command line: tolerance=-1: tolerance: must be at least 0, is -1",
          "command line: seed=3: unknown key 'seed'; allowed: run, global_batch, micro_batch, tolerance, "
          "model, optimizer, data, weights, phases, finish, stop, pause or tags"));
}

TEST(Read, StopsAtAHundredProblems) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "unknown_key_" + std::to_string(i) + ": 1\n";
  const ProcessorTime watch;
  const auto lines = sample_problems(text);
  EXPECT_EQ(lines.size(), 101u);
  EXPECT_EQ(lines.back(), "more than 99 problems; the rest is not shown");
  EXPECT_LT(watch.seconds(), kSecond);
}

TEST(Read, LongAndBrokenTextsStayOnOneLine) {
  EXPECT_EQ(problem("tolerance: \"a\\nb\\e\"\n"),
            "f.yaml:7:12: tolerance: expected a number, found the text 'a\\nb\\x1b'");
  EXPECT_EQ(problem("tolerance: " + std::string(59, 'a') + "éa\n"),
            "f.yaml:7:12: tolerance: expected a number, found the text '" + std::string(59, 'a') + "é…'");
}

}  // namespace
}  // namespace echelon::config
