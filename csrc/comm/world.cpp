#include "comm/world.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "comm/local/local.h"
#include "comm/mpi/environment.h"
#include "common/error.h"

namespace echelon {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

ProcessEnvironment::ProcessEnvironment() {
  if (!mpi::find_launcher().empty()) {
    launch_ = mpi::start();
    mpi_running_ = true;
  }
  launch_.host = host_name();
}

ProcessEnvironment::~ProcessEnvironment() {
  constexpr double kFarewellSeconds = 1;
  if (mpi_running_) mpi::leave(kFarewellSeconds);
}

void ProcessEnvironment::finalize() {
  if (std::exchange(mpi_running_, false)) mpi::finish();
}

std::unique_ptr<WatchedCommunicator> make_world(const ProcessEnvironment& environment,
                                                const CommSettings& settings) {
  const Launch& launch = environment.launch();
  if (settings.backend == "local" && launch.world_size > 1) {
    throw ConfigError(
        str_format("comm.backend: local is for one process, but {} started {} ranks; use auto or mpi",
                   launch.launched_by, launch.world_size));
  }
  if (launch.launched_by.empty()) return std::move(make_local_world(1, settings.timeout).front());
  return mpi::make_world(launch, settings.timeout);
}

}  // namespace echelon
