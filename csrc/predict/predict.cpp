#include "predict/predict.h"

#include <ATen/Parallel.h>

#include "comm/text_exchange.h"
#include "common/format.h"
#include "common/log.h"
#include "common/processor.h"
#include "common/stop_request.h"
#include "nn/memory_pool.h"
#include "predict/job.h"
#include "predict/scorer/open_scorer.h"

namespace echelon::predict {
namespace {

ExitCode predict_on(PredictSettings settings, int threads, Communicator& comm) {
  const StopRequest stop;
  std::string& path = settings.model.path.path;
  path = text_of_root(comm, [&] { return resolve_model(path); });
  const OpenedScorer opened = open_scorer(settings);
  const std::string& digest = opened.digest;
  if (comm.rank() == 0)
    log::info("scoring with {} ({}, digest {}) on {} × {} threads", opened.path, opened.family,
              digest.substr(0, 12), comm.size(), threads);
  const JobModel job{
      .scorer = *opened.scorer,
      .path = opened.path,
      .digest = digest,
      .version = settings.model.version.empty() ? digest.substr(0, 12) : settings.model.version};
  return run_job(settings, job, {.threads = threads, .stop = [&] { return stop.signal() != 0; }}, comm);
}

}  // namespace

ExitCode predict(const PredictSettings& settings, const ProcessEnvironment& environment) {
  const Launch& launch = environment.launch();
  const int threads = settings.threads ? static_cast<int>(*settings.threads)
                                       : default_threads(launch.core_sharers, launch.local_size);
  // Each unit has a thread; within one, LibTorch starts no others.
  at::set_num_threads(1);
  nn::install_memory_pool();
  const auto world = make_world(environment, settings.comm);
  try {
    const ExitCode code = predict_on(settings, threads, *world);
    world->finalize();
    return code;
  } catch (const std::exception& error) {
    world->abort(error.what());
    throw;
  }
}

}  // namespace echelon::predict
