#include "cli/doctor.h"

#include <ATen/Version.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/version.h"
#include "comm/text_exchange.h"
#include "common/file.h"
#include "common/log.h"
#include "common/processor.h"
#include "cuda/device.h"

namespace echelon::cli {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankFacts, rank, host, local_rank, local_size, host_cores, cores, threads,
                                   gpu, gpu_index, shared_memory_bytes, sees_run_directory)

namespace {

using nlohmann::json;

int64_t free_shared_memory() {
  struct statvfs status {};
  if (::statvfs("/dev/shm", &status) != 0) return 0;
  return static_cast<int64_t>(status.f_bavail) * static_cast<int64_t>(status.f_frsize);
}

/// Whether this rank sees a file that rank 0 has just written in `directory`.
bool sees_run_directory(const fs::path& directory, Communicator& comm) {
  const fs::path marker = directory / ".echelon-doctor";
  if (comm.rank() == 0) {
    fs::create_directories(directory);
    write_file_atomically(marker, "");
  }
  comm.barrier("doctor: the marker is written")->wait();
  const bool seen = fs::exists(marker);
  comm.barrier("doctor: the marker is looked for")->wait();
  if (comm.rank() == 0) fs::remove(marker);
  return seen;
}

RankFacts facts_of_this_rank(const Launch& launch, const CudaLookup& cuda, bool sees_directory) {
  RankFacts facts;
  facts.rank = launch.rank;
  facts.host = launch.host;
  facts.local_rank = launch.local_rank;
  facts.local_size = launch.local_size;
  facts.host_cores = online_processors();
  facts.cores = allowed_processors();
  facts.threads = default_threads(launch.core_sharers, launch.local_size);
  facts.shared_memory_bytes = free_shared_memory();
  facts.sees_run_directory = sees_directory;
  if (cuda.module != nullptr) {
    facts.gpu_index = launch.local_rank % cuda.module->device_count();
    facts.gpu = str_format("{}: {}", facts.gpu_index, cuda.module->describe(facts.gpu_index).name);
  }
  return facts;
}

std::vector<RankFacts> gather(const RankFacts& own, Communicator& comm) {
  std::vector<RankFacts> facts;
  for (const std::string& text : gather_texts(comm, json(own).dump(), "the facts of doctor"))
    facts.push_back(json::parse(text).get<RankFacts>());
  return facts;
}

void print_versions(const Launch& launch, const CudaLookup& cuda) {
  const auto line = [](std::string_view key, const std::string& value) {
    log::info("  {:<10}{}", key, value);
  };
  log::info("echelon {}", kVersion);
  line("compiler", ECHELON_COMPILER);
  line("LibTorch", str_format("{}, {} kernels", ECHELON_LIBTORCH_VERSION, at::get_cpu_capability()));
  line("MPI", launch.library.empty() ? "not started: no launcher" : launch.library);
  line("launcher", launch.launched_by.empty() ? "none: one rank" : launch.launched_by);
  if (cuda.module == nullptr) {
    line("GPU", cuda.why_not);
    return;
  }
  const CudaVersions versions = cuda.module->versions();
  line("CUDA", str_format("runtime {}, driver {}", versions.runtime, versions.driver));
  line("NCCL", versions.nccl);
  line("nvJPEG", versions.nvjpeg.empty() ? "none: data.decode: gpu cannot be used" : versions.nvjpeg);
}

void print_ranks(const std::vector<RankFacts>& ranks) {
  log::info("  {:<6}{:<20}{:<14}{:<9}{}", "rank", "host", "cores", "threads", "GPU");
  for (const RankFacts& rank : ranks) {
    log::info("  {:<6}{:<20}{:<14}{:<9}{}", rank.rank, rank.host,
              str_format("{} of {}", rank.cores.size(), rank.host_cores), rank.threads,
              rank.gpu.empty() ? "none" : rank.gpu);
  }
}

}  // namespace

ExitCode doctor(const Arguments& arguments, const ProcessEnvironment& environment) {
  const CudaLookup& cuda = cuda_lookup();
  const std::unique_ptr<WatchedCommunicator> comm = make_world(environment, CommSettings{.timeout = 60});
  const fs::path directory = arguments.run_directory.empty() ? "runs" : arguments.run_directory;
  const bool seen = sees_run_directory(directory, *comm);
  const std::vector<RankFacts> ranks = gather(facts_of_this_rank(environment.launch(), cuda, seen), *comm);
  comm->finalize();
  print_versions(environment.launch(), cuda);
  print_ranks(ranks);
  std::vector<std::string> problems = find_problems(ranks);
  if (cuda.gpu_present && cuda.module == nullptr)
    problems.push_back("a GPU is there and cannot be used: " + cuda.why_not);
  for (const std::string& problem : problems) log::info("  problem: {}", problem);
  if (problems.empty()) log::info("  no problems found");
  return problems.empty() ? ExitCode::kOk : ExitCode::kConfig;
}

}  // namespace echelon::cli
