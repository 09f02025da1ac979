#include "cli/engine.h"

#include <exception>

#include "bench/bench_data.h"
#include "cli/doctor.h"
#include "comm/world.h"
#include "common/error.h"
#include "common/file.h"
#include "common/log.h"
#include "config/config.h"
#include "inspect/inspect.h"
#include "plan/plan.h"
#include "plan/search.h"
#include "predict/predict.h"
#include "prepare/prepare.h"
#include "train/run.h"

namespace echelon::cli {
namespace {

using RunVerb = ExitCode (*)(const train::TrainSettings&, const train::RunRequest&,
                             const ProcessEnvironment&);

ExitCode run_with_config(const Arguments& arguments, const ProcessEnvironment& environment, RunVerb verb) {
  const auto loaded = config::load<train::TrainSettings>(arguments.config, arguments.overrides);
  const train::RunRequest request{.name = fs::path(arguments.config).stem().string(),
                                  .resolved_config = config::to_yaml(loaded.value),
                                  .checkpoint = arguments.checkpoint,
                                  .output = arguments.output};
  return verb(loaded.value, request, environment);
}

ExitCode bench_data(const Arguments& arguments, const ProcessEnvironment& environment) {
  const auto settings = config::load<train::TrainSettings>(arguments.config, arguments.overrides).value;
  return bench::bench_data(settings,
                           {.name = fs::path(arguments.config).stem().string(),
                            .until = {.seconds = arguments.seconds, .batches = arguments.batches},
                            .json = arguments.json},
                           environment);
}

ExitCode print_plan(const Arguments& arguments) {
  const auto settings = config::load<train::TrainSettings>(arguments.config, arguments.overrides,
                                                           config::InputFiles::kMayBeMissing)
                            .value;
  plan::PlanRequest request{.name = settings.name.value_or(fs::path(arguments.config).stem().string()),
                            .ranks = arguments.ranks};
  if (arguments.memory_gb) request.memory_bytes = static_cast<int64_t>(*arguments.memory_gb * 1e9);
  if (arguments.search) {
    log::write_info(plan::to_text(plan::search(settings, request)));
    return ExitCode::kOk;
  }
  const plan::Plan made = plan::make_plan(settings, request);
  log::write_info(plan::to_text(made));
  if (!arguments.output.empty()) {
    write_file_atomically(arguments.output,
                          arguments.output.ends_with(".svg") ? plan::to_svg(made) : plan::to_html(made));
  }
  return ExitCode::kOk;
}

ExitCode print_inspection(const Arguments& arguments) {
  const inspect::Report report = inspect::inspect({.path = arguments.path,
                                                   .sheet = arguments.sheet,
                                                   .samples = arguments.samples,
                                                   .tokenizer = arguments.tokenizer});
  log::write_info(report.text());
  return report.problems() == 0 ? ExitCode::kOk : ExitCode::kData;
}

ExitCode run(const Arguments& arguments, const ProcessEnvironment& environment) {
  if (arguments.verb == "train") return run_with_config(arguments, environment, train::train);
  if (arguments.verb == "evaluate") return run_with_config(arguments, environment, train::evaluate);
  if (arguments.verb == "predict")
    return predict::predict(
        config::load<predict::PredictSettings>(arguments.config, arguments.overrides).value, environment);
  if (arguments.verb == "prepare")
    return prepare::prepare({arguments.kind, arguments.config, arguments.overrides}, environment);
  if (arguments.verb == "bench data") return bench_data(arguments, environment);
  if (arguments.verb == "doctor") return doctor(arguments, environment);
  if (arguments.verb == "inspect") return print_inspection(arguments);
  throw InternalError(str_format("verb {} is parsed but not known to the engine", arguments.verb));
}

/// Needs no other rank, and no MPI.
ExitCode plan_alone(const Arguments& arguments) {
  try {
    return print_plan(arguments);
  } catch (const Error& error) {
    log::write_error(error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    log::write_error(error.what());
    return ExitCode::kInternal;
  }
}

/// Errors of the configuration are the same on every rank, so one of them speaks.
void report(const Error& error, const Launch& launch) {
  if (error.exit_code() != ExitCode::kConfig || launch.rank == 0) log::write_error(error.what());
}

}  // namespace
}  // namespace echelon::cli

int echelon_run(const echelon::cli::Arguments& arguments) {
  using namespace echelon;
  try {
    if (arguments.verb == "plan") return static_cast<int>(cli::plan_alone(arguments));
    ProcessEnvironment environment;
    log::set_rank(environment.launch().rank, environment.launch().world_size);
    try {
      const ExitCode code = cli::run(arguments, environment);
      environment.finalize();
      return static_cast<int>(code);
    } catch (const Error& error) {
      cli::report(error, environment.launch());
      return static_cast<int>(error.exit_code());
    } catch (const std::exception& error) {
      log::write_error(error.what());
      return static_cast<int>(ExitCode::kInternal);
    }
  } catch (const std::exception& error) {
    log::write_error(error.what());
    return static_cast<int>(ExitCode::kComm);
  }
}
