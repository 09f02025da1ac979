// Includes and overrides.
#include "config/document.h"

#include <gtest/gtest.h>

#include "common/file.h"
#include "config/sample_problems.h"
#include "config/time_limit.h"
#include "temporary_folder.h"

namespace echelon::config {
namespace {

class Document : public testing::Test {
 protected:
  void write(const std::string& name, std::string_view text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    write_file_atomically(folder_ / name, text);
  }
  Loaded<sample::Settings> load_main(const std::vector<std::string>& overrides = {}) {
    return load<sample::Settings>(folder_ / "main.yaml", overrides);
  }
  // The message of load_main() without the name of the temporary folder.
  std::string failure(const std::vector<std::string>& overrides = {}) {
    try {
      load_main(overrides);
      return "";
    } catch (const ConfigError& error) {
      return shorten(error.what());
    }
  }
  std::string shorten(std::string text) {
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  TemporaryFolder folder_;
};

constexpr const char* kBase =
    "model: {name: mlp, widths: [8]}\n"
    "optimizer:\n  name: sgd\n  lr: 0.5\n  momentum: 0.9\n  schedule: {warmup: 7}\n"
    "data: {train: [shard]}\n";

TEST_F(Document, IncludedKeysAreMergedUnderThoseOfTheFile) {
  write("shared/base.yaml", kBase);
  write("shared/shard", "x");
  write("main.yaml",
        "include: shared/base.yaml\noptimizer: {lr: 0.25, schedule: {shape: linear}}\nmodel: {widths: [1, "
        "2]}\n");
  const auto loaded = load_main();
  const auto& sgd = std::get<sample_optim::Sgd>(loaded.value.optimizer);
  EXPECT_EQ(sgd.lr, 0.25);
  EXPECT_EQ(sgd.momentum, 0.9);
  EXPECT_EQ(sgd.schedule.warmup, 7);
  EXPECT_EQ(sgd.schedule.shape, "linear");
  EXPECT_EQ(std::get<sample::Mlp>(loaded.value.model).widths, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(loaded.value.data.train[0].path, (folder_ / "shared/shard").string());
  EXPECT_EQ(shorten(loaded.where("optimizer.momentum")), "shared/base.yaml:5:3");
  EXPECT_EQ(shorten(loaded.where("optimizer.lr")), "main.yaml:2:13");
}

TEST_F(Document, AnotherAlternativeReplacesTheIncludedSection) {
  write("base.yaml", kBase);
  write("shard", "x");
  write("main.yaml", "include: [base.yaml]\noptimizer: {name: adamw, lr: 0.25}\n");
  const auto value = load_main().value;
  EXPECT_EQ(std::get<sample_optim::AdamW>(value.optimizer).lr, 0.25);
  EXPECT_EQ(std::get<sample_optim::AdamW>(value.optimizer).schedule.warmup, 100);
}

TEST_F(Document, LaterIncludesWin) {
  write("shard", "x");
  write("a.yaml", std::string(kBase) + "run: a\n");
  write("b.yaml", "run: b\nmicro_batch: 4\n");
  write("main.yaml", "include: [a.yaml, b.yaml]\nmicro_batch: 2\n");
  const auto value = load_main().value;
  EXPECT_EQ(value.run, "b");
  EXPECT_EQ(value.micro_batch, 2);
}

TEST_F(Document, ProblemsNameTheFileTheyStandIn) {
  write("base.yaml", kBase);
  write("main.yaml", "include: base.yaml\nrunn: x\n");
  EXPECT_EQ(failure(),
            "main.yaml:2:1: unknown key 'runn'; did you mean 'run'?\n"
            "base.yaml:7:16: data.train.0: there is no 'shard' (shard)");
}

TEST_F(Document, RefusesIncludesThatDoNotEnd) {
  write("main.yaml", "include: other.yaml\n");
  write("other.yaml", "include: main.yaml\n");
  EXPECT_EQ(failure(), "other.yaml:1:10: include: main.yaml includes itself");
  write("main.yaml", "include: [gone.yaml, 3, {a: 1}]\n");
  EXPECT_EQ(failure(),
            "main.yaml:1:11: cannot read gone.yaml: there is no such file\n"
            "main.yaml:1:22: cannot read 3: there is no such file\n"
            "main.yaml:1:25: include: expected the path of a file, found a section");
  for (int i = 0; i < 20; ++i) {
    const std::string next = std::to_string(i + 1) + ".yaml";
    write(std::to_string(i) + ".yaml", "include: [" + next + ", " + next + "]\n");
  }
  write("20.yaml", "run: x\n");
  write("main.yaml", "include: 0.yaml\n");
  const ProcessorTime watch;
  EXPECT_NE(failure().find("more than 50 files included"), std::string::npos);
  EXPECT_LT(watch.seconds(), kSecond);
}

TEST_F(Document, RefusesWhatIsNoConfigurationFile) {
  EXPECT_EQ(failure(), "main.yaml: cannot be read: there is no such file");
  std::filesystem::create_directory(folder_ / "main.yaml");
  EXPECT_EQ(failure(), "main.yaml: cannot be read: it is a folder");
  std::filesystem::remove(folder_ / "main.yaml");
  write("main.yaml", "");
  std::filesystem::resize_file(folder_ / "main.yaml", 100'000'000);
  const ProcessorTime watch;
  EXPECT_EQ(failure(),
            "main.yaml: cannot be read: its 95.4 MiB are too many for a configuration; at most 1.00 MiB, "
            "included files together");
  EXPECT_LT(watch.seconds(), 0.1 * kSecond);
  write("main.yaml", "just text\n");
  EXPECT_EQ(failure(),
            "main.yaml:1:1: a configuration consists of 'key: value' lines, not of the text 'just text'");
  EXPECT_THROW(load<sample::Settings>("/dev/zero"), ConfigError);
}

TEST_F(Document, OverridesWinAndNameThemselves) {
  write("main.yaml", kBase);
  write("shard", "x");
  const auto loaded = load_main({"optimizer.lr=1e-3", "run=2024", "model.widths.0=64", "phases=[{warmup: 3}]",
                                 "optimizer.schedule={shape: linear}", "finish.warmup=1"});
  const auto& sgd = std::get<sample_optim::Sgd>(loaded.value.optimizer);
  EXPECT_EQ(sgd.lr, 1e-3);
  EXPECT_EQ(sgd.schedule.shape, "linear");
  EXPECT_EQ(sgd.schedule.warmup, 7);
  EXPECT_EQ(loaded.value.run, "2024");
  EXPECT_EQ(loaded.value.phases.at(0).warmup, 3);
  EXPECT_EQ(loaded.value.finish->warmup, 1);
  EXPECT_EQ(std::get<sample::Mlp>(loaded.value.model).widths[0], 64);
  EXPECT_EQ(loaded.where("optimizer.lr"), "command line: optimizer.lr=1e-3");
  EXPECT_STREQ(loaded.error("optimizer.lr", "is too high").what(),
               "command line: optimizer.lr=1e-3: optimizer.lr: is too high");
}

TEST_F(Document, AnOverrideMayChooseAnotherAlternative) {
  write("main.yaml", kBase);
  write("shard", "x");
  const auto value = load_main({"optimizer.lr=0.25", "optimizer.name=adamw", "optimizer.clip_norm=2"}).value;
  const auto& adamw = std::get<sample_optim::AdamW>(value.optimizer);
  EXPECT_EQ(adamw.lr, 0.25);
  EXPECT_EQ(adamw.clip_norm, 2.0);
  EXPECT_EQ(adamw.schedule.warmup, 100);
}

// Includes and overrides of what has short forms.
TEST_F(Document, ShortFormsAreMergedAsWhatTheyStandFor) {
  using sample::After;
  write("shard", "x");
  const auto stop = [&](const std::string& base, const std::string& over,
                        const std::vector<std::string>& overrides = {}) {
    write("base.yaml", kBase + base);
    write("main.yaml", "include: base.yaml\n" + over);
    return load_main(overrides).value.stop;
  };
  EXPECT_EQ(stop("stop: {after: {steps: 7, repeats: 3}}\n", "stop: never\n"), sample::Stop(sample::Never{}));
  EXPECT_EQ(stop("stop: never\n", "stop: {after: 4}\n"), sample::Stop(After{4, 1}));
  EXPECT_EQ(stop("stop: {after: {steps: 7, repeats: 3}}\n", "stop: {after: 4}\n"), sample::Stop(After{4, 3}));
  EXPECT_EQ(stop("stop: {after: {steps: 7, repeats: 3}}\n", "stop: after\n"), sample::Stop(After{7, 3}));
  EXPECT_EQ(stop("stop: {after: 7}\n", "stop: {after: {repeats: 3}}\n"), sample::Stop(After{7, 3}));
  EXPECT_EQ(stop("stop: {signal: shard}\n", "", {"stop=never"}), sample::Stop(sample::Never{}));
  EXPECT_EQ(stop("stop: never\n", "", {"stop.after.repeats=4"}), sample::Stop(After{50, 4}));
  EXPECT_EQ(stop("stop: after\n", "", {"stop.after.repeats=4", "stop.after=2"}), sample::Stop(After{2, 4}));
  EXPECT_EQ(stop("stop: {after: 7}\n", "", {"stop.after.repeats=4"}), sample::Stop(After{7, 4}));
  EXPECT_EQ(stop("", "", {"stop={after: {steps: 3}}"}), sample::Stop(After{3, 1}));
  EXPECT_EQ(stop("", "", {"stop.after="}), sample::Stop(After{50, 1}));
}

TEST_F(Document, OverridesReachIntoShortForms) {
  write("shard", "x");
  write("main.yaml",
        "model: {name: sequential, layers: [relu, conv: {out: 3}, residual: [relu]]}\n"
        "data: {train: shard}\ntags: a\npause: 3\n");
  const auto value = load_main({"model.layers.1.conv.kernel=5", "model.layers.0.conv.out=2", "tags.0=b",
                                "model.layers.2.residual.layers.0={conv: {out: 1}}", "pause.repeats=2"})
                         .value;
  EXPECT_EQ(std::get<sample::Sequential>(value.model).layers,
            (std::vector<sample::Layer>{sample::Conv{2, 3}, sample::Conv{3, 5},
                                        sample::Residual{{sample::Conv{1, 3}}}}));
  EXPECT_EQ(value.tags, std::vector<std::string>{"b"});
  EXPECT_EQ(value.pause, (sample::After{3, 2}));
  EXPECT_EQ(load_main({"tags=[c, d]"}).value.tags, (std::vector<std::string>{"c", "d"}));
  EXPECT_EQ(
      failure({"stop.aftr=3", "stop.repeats=2", "tags.1=c", "stop.after.steps=0", "stop..after=1"}),
      "command line: stop.aftr=3: 'aftr' is not possible; did you mean 'after'; allowed: never, after or "
      "signal\n"
      "command line: stop.repeats=2: 'repeats' is not possible; allowed: never, after or signal\n"
      "command line: tags.1=c: '1' is no item of the list, which has 1 (numbered from 0)\n"
      "command line: stop.after.steps=0: stop.after.steps: must be at least 1, is 0\n"
      "command line: stop..after=1: an empty name in the path before '='");
}

TEST_F(Document, PathsOnTheCommandLineStartAtTheWorkingDirectory) {
  write("main.yaml", kBase);
  const auto value = load_main({"data.train=[.]"}).value;
  EXPECT_TRUE(std::filesystem::equivalent(value.data.train[0].path, std::filesystem::current_path()));
}

TEST_F(Document, ReportsOverridesThatDoNotFit) {
  write("main.yaml", kBase);
  write("shard", "x");
  EXPECT_EQ(failure({"run", "=3", "optimizer.lr.x=1", "model.widths.5=1", "a..b=1", "run=[", "optimiser.lr=1",
                     "optimizer.momentum=2", "include=x.yaml"}),
            "command line: run: expected key.path=value\n"
            "command line: =3: expected key.path=value\n"
            "command line: optimizer.lr.x=1: 'x' cannot be set below the number 0.5, which is no section\n"
            "command line: model.widths.5=1: '5' is no item of the list, which has 1 (numbered from 0)\n"
            "command line: a..b=1: an empty name in the path before '='\n"
            "command line: a..b=1: unknown key 'a'; allowed: run, global_batch, micro_batch, tolerance, "
            "model, optimizer, "
            "data, weights, phases, finish, stop, pause or tags\n"
            "command line: run=[: not YAML: end of sequence flow not found\n"
            "command line: optimiser.lr=1: unknown key 'optimiser'; did you mean 'optimizer'?\n"
            "command line: optimizer.momentum=2: optimizer.momentum: must be below 1, is 2\n"
            "command line: include=x.yaml: include belongs into a file");
}

}  // namespace
}  // namespace echelon::config
