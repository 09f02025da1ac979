#include "prepare/prepare.h"

#include "comm/world.h"
#include "config/config.h"
#include "prepare/describe_common.h"
#include "prepare/image/task.h"
#include "prepare/job.h"
#include "prepare/kinds.h"
#include "prepare/table/task.h"
#include "prepare/text/task.h"
#include "prepare/tokenizer/task.h"

namespace echelon::prepare {
namespace {

/// Seconds. Ranks wait for each other as long as it takes: in the end one learns a tokenizer alone. Those
/// that die are noticed all the same.
constexpr double kTimeout = 7 * 24 * 3600.0;

template <class Settings>
Settings load(const Request& request) {
  if (request.config.empty()) return config::parse<Settings>("{}", "command line", request.overrides);
  return config::load<Settings>(request.config, request.overrides).value;
}

template <class Settings>
void run(const std::string& kind, const Settings& settings, Communicator& comm) {
  const std::unique_ptr<work::Task> task = make_task(settings, comm);
  run_job({.kind = kind,
           .settings = config::to_yaml(deciding(settings)),
           .output = settings.output,
           .threads = settings.threads,
           .overwrite = settings.overwrite},
          *task, comm);
}

}  // namespace

ExitCode prepare(const Request& request, const ProcessEnvironment& environment) {
  with_settings(request.kind, [&](auto type) {
    const auto settings = load<typename decltype(type)::type>(request);
    const auto world = make_world(environment, {.timeout = kTimeout});
    try {
      run(request.kind, settings, *world);
      world->finalize();
    } catch (const std::exception& error) {
      world->abort(error.what());
      throw;
    }
  });
  return ExitCode::kOk;
}

}  // namespace echelon::prepare
