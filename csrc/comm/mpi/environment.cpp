#include "comm/mpi/environment.h"

#include <mpi.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "comm/mpi/bootstrap.h"
#include "comm/mpi/call.h"
#include "comm/node/node_group.h"
#include "comm/queued_communicator.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "common/processor.h"

namespace echelon::mpi {
namespace {

namespace fs = std::filesystem;

struct Launcher {
  const char* size_variable;  ///< how many ranks it started
  const char* name;
};
// The first that is set counts: inside a Slurm step, mpirun may have started the ranks.
constexpr std::array kLaunchers = {
    Launcher{"OMPI_COMM_WORLD_SIZE", "Open MPI"},
    Launcher{"PMI_SIZE", "PMI"},
    Launcher{"SLURM_STEP_NUM_TASKS", "Slurm"},
};

const Launcher* launcher() {
  for (const Launcher& candidate : kLaunchers) {
    if (std::getenv(candidate.size_variable) != nullptr) return &candidate;
  }
  return nullptr;
}

std::string library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string version(text.data(), static_cast<size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));
}

int world_size() {
  int size = 1;
  check(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  return size;
}

void check_world(const Launch& launch, int threads) {
  const Launcher* started_by = launcher();
  const int started = started_by == nullptr ? 1 : std::atoi(std::getenv(started_by->size_variable));
  if (launch.world_size != started) {
    throw CommError(str_format(
        "{} started {} ranks, but {} sees {}: start the program with the mpirun of that MPI, or with "
        "srun --mpi=pmix or --mpi=pmi2 where Slurm supports it",
        launch.launched_by, started, launch.library, launch.world_size));
  }
  if (launch.world_size > 1 && threads < MPI_THREAD_MULTIPLE) {
    throw CommError(
        str_format("{} was built without MPI_THREAD_MULTIPLE, which communication in the background needs: "
                   "use an MPI that has it",
                   launch.library));
  }
}

bool has_entries(const fs::path& folder) {
  std::error_code none;
  return fs::directory_iterator(folder, none) != fs::directory_iterator();
}

/// An adapter that Open MPI's matching transport layers (PSM, PSM2, libfabric) are made for: InfiniBand, RoCE
/// and EFA, Omni-Path, TrueScale, Slingshot.
bool has_fabric() {
  const std::array<const char*, 3> devices = {"/dev/hfi1_0", "/dev/ipath0", "/dev/cxi0"};
  return has_entries("/sys/class/infiniband") ||
         std::ranges::any_of(devices, [](const char* path) { return fs::exists(path); });
}

/// Keeps Open MPI from looking, for a fifth of a second, for what is not there or not needed. What the user
/// has set stays.
void skip_vain_searches() {
  const auto set = [](const char* name, const char* value) { ::setenv(name, value, /*overwrite=*/0); };
  // hwloc, which Open MPI asks for the machine's topology, loads X11 and OpenCL libraries to look for
  // displays.
  set("HWLOC_PLUGINS_BLACKLIST", "hwloc_gl.so,hwloc_opencl.so");
  const char* const size = std::getenv("OMPI_COMM_WORLD_SIZE");
  const char* const local_size = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  const bool one_node = size != nullptr && local_size != nullptr && std::string_view(size) == local_size;
  if (std::getenv("OMPI_MCA_pml") == nullptr && (one_node || !has_fabric()))
    set("OMPI_MCA_mtl", "^psm,psm2,ofi");
}

/// Among the ranks of `host`, those with a core in common with this one.
int count_core_sharers(MPI_Comm host, int local_size) {
  std::bitset<CPU_SETSIZE> own;
  for (const int core : allowed_processors()) own.set(static_cast<size_t>(core) % own.size());
  std::vector<std::bitset<CPU_SETSIZE>> all(static_cast<size_t>(local_size));
  check(MPI_Allgather(&own, sizeof own, MPI_BYTE, all.data(), sizeof own, MPI_BYTE, host), "MPI_Allgather");
  return static_cast<int>(std::ranges::count_if(all, [&](const auto& other) { return (own & other).any(); }));
}

/// The ranks of this node as leave() needs them, also after the communicator is gone.
std::unique_ptr<NodeGroup> node_of_world;

}  // namespace

std::string find_launcher() {
  return launcher() == nullptr ? "" : launcher()->name;
}

Launch start() {
  skip_vain_searches();
  Launch launch;
  launch.launched_by = find_launcher();
  int threads = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &threads), "MPI_Init_thread");
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  launch.library = library_version();
  launch.world_size = world_size();
  check(MPI_Comm_rank(MPI_COMM_WORLD, &launch.rank), "MPI_Comm_rank");
  check_world(launch, threads);
  MPI_Comm host = MPI_COMM_NULL;
  check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host),
        "MPI_Comm_split_type");
  check(MPI_Comm_rank(host, &launch.local_rank), "MPI_Comm_rank");
  check(MPI_Comm_size(host, &launch.local_size), "MPI_Comm_size");
  launch.core_sharers = count_core_sharers(host, launch.local_size);
  check(MPI_Comm_free(&host), "MPI_Comm_free");
  return launch;
}

std::unique_ptr<WatchedCommunicator> make_world(const Launch& launch, double timeout) {
  MPI_Comm world = MPI_COMM_NULL;
  check(MPI_Comm_dup(MPI_COMM_WORLD, &world), "MPI_Comm_dup");
  std::unique_ptr<Transport> transport = make_transport(world, launch.rank, timeout);
  node_of_world = std::make_unique<NodeGroup>(transport->node());
  return std::make_unique<QueuedCommunicator>(std::move(transport));
}

void finish() {
  node_of_world.reset();
  check(MPI_Finalize(), "MPI_Finalize");
}

void leave(double seconds) {
  if (!node_of_world) return;
  const int rank = node_of_world->world_ranks()[node_of_world->index()];
  node_of_world->fail(str_format("rank {} ended before the others", rank));
  const std::vector<int> silent = node_of_world->say_farewell(seconds);
  if (!silent.empty()) {
    log::error("{} {} not noticed for {:g} s that the job has failed: computing, stopped or dead",
               name_ranks(silent), silent.size() == 1 ? "has" : "have", seconds);
    // The launcher ends all ranks as soon as the first has left, and another may have begun to wait later.
    node_of_world->say_farewell(2 * seconds);
  }
  // Other nodes hear of it when they look; when they have said so is not known here.
  const bool alone = node_of_world->size() == world_size();
  if (!alone) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace echelon::mpi
