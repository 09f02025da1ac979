#include "predict/predict.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "comm/text_exchange.h"
#include "common/format.h"
#include "common/log.h"
#include "common/stop_request.h"
#include "predict/job.h"
#include "predict/scorer/open_scorer.h"
#include "train/ranks.h"

namespace echelon::predict {
namespace {

/// "2 × 3 threads", "4 × GPU", "2 × 2 stages, each on 3 threads".
std::string describe(const train::Ranks& ranks) {
  const parallel::Grid& grid = ranks.grid();
  const std::string unit = ranks.choice().is_cuda() ? "GPU" : str_format("{} threads", ranks.threads());
  if (grid.pipeline == 1) return str_format("{} × {}", grid.replicas, unit);
  return str_format("{} × {} stages, each on {}", grid.replicas, grid.pipeline, unit);
}

/// Of rank 0, where all ranks end with it.
ExitCode code_of_root(ExitCode own, Communicator& comm) {
  const at::Tensor code = at::tensor({static_cast<int64_t>(own)}, at::kLong);
  comm.broadcast(code, 0, "exit code")->wait();
  return static_cast<ExitCode>(code.item<int64_t>());
}

ExitCode predict_on(PredictSettings settings, train::Ranks& ranks) {
  const StopRequest stop;
  parallel::GridGroups& groups = ranks.groups();
  Placement placement{.device = ranks.device()};
  if (ranks.grid().pipeline > 1) placement.pipeline = &groups.pipeline().host;
  std::string& path = settings.model.path.path;
  path = text_of_root(ranks.host(), [&] { return resolve_model(path); });
  OpenedScorer opened = open_scorer(settings, placement);
  const std::string& digest = opened.digest;
  if (groups.place() > 0) {
    opened.inference->serve();
    return code_of_root(ExitCode::kOk, ranks.host());
  }
  // Each chunk has a thread; within one, LibTorch starts no others.
  at::set_num_threads(1);
  if (ranks.host().rank() == 0)
    log::info("scoring with {} ({}, digest {}) on {}", opened.path, opened.family, digest.substr(0, 12),
              describe(ranks));
  const JobModel job{
      .scorer = *opened.scorer,
      .path = opened.path,
      .digest = digest,
      .version = settings.model.version.empty() ? digest.substr(0, 12) : settings.model.version};
  const ExitCode code =
      run_job(settings, job,
              {.threads = ranks.threads(),
               .chunks = std::max(ranks.threads(), ranks.grid().pipeline),  // so that all stages have one
               .stop = [&] { return stop.signal() != 0; }},
              groups.replicas().host);
  if (opened.inference) opened.inference->end();
  return code_of_root(code, ranks.host());
}

}  // namespace

ExitCode predict(const PredictSettings& settings, const ProcessEnvironment& environment) {
  train::Ranks ranks({.device = settings.device,
                      .threads = settings.threads,
                      .comm = settings.comm,
                      .pipeline = settings.pipeline,
                      .on_device = false},
                     environment);
  return train::guarded(ranks, [&] { return predict_on(settings, ranks); });
}

}  // namespace echelon::predict
