#include "cli/arguments.h"

#include <CLI/CLI.hpp>

#include "cli/version.h"
#include "common/error.h"
#include "common/format.h"
#include "prepare/kinds.h"

namespace echelon::cli {
namespace {

constexpr const char* kFooter =
    "Start several ranks with an MPI launcher: mpirun -n 2 echelon train CONFIG.yaml\n"
    "Exit codes: 0 done, 1 internal, 2 usage, 3 configuration, 4 data, 5 communication, 6 checkpoint, 7 not "
    "finite,\n"
    "            75 stopped by a signal, fit for going on (run again to continue).";

void add_config(CLI::App* verb, Arguments& arguments) {
  verb->add_option("config", arguments.config, "Configuration file (YAML)")
      ->required()
      ->type_name("CONFIG.yaml");
  verb->add_option("overrides", arguments.overrides, "Settings that replace the file's: optimizer.lr=1e-3")
      ->type_name("key.path=value");
}

CLI::App* add_verb(CLI::App& app, Arguments& arguments, const std::string& name, const std::string& help) {
  CLI::App* verb = app.add_subcommand(name, help);
  verb->callback([&arguments, name] { arguments.verb = name; });
  return verb;
}

void add_plan(CLI::App& app, Arguments& arguments) {
  CLI::App* plan = add_verb(
      app, arguments, "plan",
      "Predict what a job would do, without starting it: stages, memory, timeline, step time, and what "
      "limits "
      "it.\n"
      "For the hardware that the configuration describes; runs on one process, for any number of ranks.");
  add_config(plan, arguments);
  plan->add_option("--ranks", arguments.ranks, "Ranks of the job (default: one pipeline)")
      ->check(CLI::Range(1, 1 << 20));
  CLI::Option* search =
      plan->add_flag("--search", arguments.search,
                     "Try pipelines, schedules, micro-batches and recomputation, and list the best ten");
  plan->add_option("--memory", arguments.memory_gb, "GB (10^9 bytes) that a rank may use")
      ->check(CLI::PositiveNumber);
  plan->add_option("--output", arguments.output, "Write a page (.html) or the timeline (.svg) to this file")
      ->check(CLI::Validator(
          [](std::string& path) {
            return path.ends_with(".html") || path.ends_with(".svg") ? "" : "must end in .html or .svg";
          },
          "FILE.html|.svg"))
      ->excludes(search);
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const prepare::Kind& kind : prepare::kKinds) names.emplace_back(kind.name);
  return names;
}

void add_prepare(CLI::App& app, Arguments& arguments) {
  std::string help =
      "Make raw data into what training reads fast, on all ranks of the MPI job. What was killed goes on "
      "when\n"
      "it is started again. KIND:";
  for (const prepare::Kind& kind : prepare::kKinds) help += str_format("\n  {:<10} {}", kind.name, kind.help);
  CLI::App* prepare = add_verb(app, arguments, "prepare", help);
  prepare->add_option("kind", arguments.kind, "What is made")
      ->required()
      ->type_name("KIND")
      ->check(CLI::IsMember(kind_names()));
  prepare
      ->add_option(
          "settings", arguments.overrides,
          "Configuration file (YAML), and settings that replace its: input=corpus.jsonl output=shards")
      ->required()
      ->type_name("[CONFIG.yaml] key=value");
  prepare->callback([&arguments] {
    arguments.verb = "prepare";
    if (arguments.overrides.front().find('=') != std::string::npos) return;
    arguments.config = arguments.overrides.front();
    arguments.overrides.erase(arguments.overrides.begin());
  });
}

void add_inspect(CLI::App& app, Arguments& arguments) {
  CLI::App* inspect = add_verb(
      app, arguments, "inspect",
      "Show what a file or folder holds, and verify it: a checkpoint or .safetensors file, a folder that\n"
      "prepare made, a tar shard of images, a token shard, or a table (Parquet, Arrow, CSV, JSON lines), "
      "also in "
      "object\n"
      "stores.\n"
      "Ends with 4 when damage is found, with 6 when a checkpoint is damaged.");
  inspect->add_option("path", arguments.path, "Checkpoint folder, run folder, or file")->required();
  inspect
      ->add_option("--sheet", arguments.sheet,
                   "Of a tar shard: write sample images to this file, as one picture")
      ->check(CLI::Validator(
          [](std::string& path) { return path.ends_with(".png") ? "" : "must end in .png"; }, "FILE.png"));
  inspect->add_option("--tokenizer", arguments.tokenizer,
                      "Of a token shard: show the first documents as text");
  inspect
      ->add_option(
          "--samples", arguments.samples,
          "How many images the sheet has (default: 64), or how many documents are shown (default: 3)")
      ->check(CLI::Range(1, 4096));
}

void add_bench(CLI::App& app, Arguments& arguments) {
  CLI::App* bench = app.add_subcommand("bench", "Measure a part of a job by itself.");
  bench->require_subcommand(1);
  CLI::App* data = bench->add_subcommand(
      "data",
      "Load the training data as train would, without a model, as fast as they come: rates, the time of each "
      "stage,\n"
      "memory, and what limits it. Start it as the job would be started: mpirun -n 8 echelon bench data …");
  data->callback([&arguments] { arguments.verb = "bench data"; });
  add_config(data, arguments);
  CLI::Option* seconds =
      data->add_option("--seconds", arguments.seconds, "How long to measure, from the first batch on (10)")
          ->check(CLI::PositiveNumber);
  data->add_option("--batches", arguments.batches, "Measure so many micro-batches of each rank instead")
      ->check(CLI::PositiveNumber)
      ->excludes(seconds);
  data->add_option("--json", arguments.json, "Write all numbers to this file");
}

void add_verbs(CLI::App& app, Arguments& arguments) {
  add_config(
      add_verb(
          app, arguments, "train",
          "Train a model over the ranks of the MPI job, data-parallel and, with parallel.pipeline, in "
          "stages.\n"
          "SIGTERM, SIGINT or SIGUSR1: finish the step, write a checkpoint, exit with 75; the same command\n"
          "goes on from there."),
      arguments);
  CLI::App* evaluate = add_verb(
      app, arguments, "evaluate",
      "Score a checkpoint of a run on its test data: metrics of each class, confusion matrix, ROC and\n"
      "precision-recall curves, residuals, the worst samples. Writes evaluation.json and evaluation.html.");
  add_config(evaluate, arguments);
  evaluate->add_option("--checkpoint", arguments.checkpoint,
                       "Checkpoint folder; not given: the best one of the run");
  evaluate->add_option("--output", arguments.output,
                       "Folder for the results (default: the folder evaluation of the run)");
  add_config(
      add_verb(app, arguments, "predict",
               "Score every row of tables or texts exactly once, on all ranks of the MPI job. What was "
               "killed goes on when "
               "it\n"
               "is started again; SIGTERM or SIGINT: finish the units that are begun, exit with 75 (mode: "
               "follow: 0)."),
      arguments);
  add_plan(app, arguments);
  add_prepare(app, arguments);
  add_bench(app, arguments);
  add_config(add_verb(app, arguments, "check",
                      "Report every problem of a configuration of training or predict, each with file, line "
                      "and column. Starts "
                      "nothing."),
             arguments);
  CLI::App* schema =
      add_verb(app, arguments, "schema", "Print the JSON Schema of the configuration, for editors.");
  std::vector<std::string> others = kind_names();
  others.emplace_back("predict");
  schema
      ->add_option("kind", arguments.kind,
                   "Of `predict` or `prepare KIND` instead of training: " + join_or(others))
      ->type_name("KIND")
      ->check(CLI::IsMember(others));
  schema->add_flag("--markdown", arguments.markdown, "Print the reference page (docs/config.md) instead");
  add_inspect(app, arguments);
  add_verb(app, arguments, "doctor",
           "Show compiler, LibTorch, MPI, NCCL, GPUs, threads and binding, and what is wrong with them.\n"
           "Start it as the job would be started: mpirun -n 8 echelon doctor")
      ->add_option("--output", arguments.run_directory,
                   "Folder that runs would be written to (default: runs)");
}

}  // namespace

std::optional<Arguments> parse_arguments(int argc, char** argv, int& exit_code) {
  Arguments arguments;
  CLI::App app("Trains and scores models on MPI clusters from one YAML file.", "echelon");
  app.require_subcommand(1);
  app.set_version_flag("--version", str_format("echelon {}", kVersion));
  app.footer(kFooter);
  add_verbs(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == 0;
    app.exit(error);
    exit_code = static_cast<int>(asked_for ? ExitCode::kOk : ExitCode::kUsage);
    return std::nullopt;
  }
  return arguments;
}

}  // namespace echelon::cli
