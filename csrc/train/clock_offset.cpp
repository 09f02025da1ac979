#include "train/clock_offset.h"

#include <ATen/ATen.h>

#include "common/clock.h"

namespace echelon::train {
namespace {

constexpr int kRoundTrips = 16;

/// Rank 0 tells its time to whoever asks.
void answer(Communicator& comm, int rank) {
  at::Tensor time = at::empty({1}, at::kDouble);
  for (int trip = 0; trip < kRoundTrips; ++trip) {
    comm.receive(time, rank, 0, "time of day")->wait();
    time.fill_(steady_time());
    comm.send(time, rank, 0, "time of day")->wait();
  }
}

double ask(Communicator& comm) {
  double offset = 0, shortest = HUGE_VAL;
  at::Tensor time = at::zeros({1}, at::kDouble);
  for (int trip = 0; trip < kRoundTrips; ++trip) {
    const double sent = steady_time();
    comm.send(time, 0, 0, "time of day")->wait();
    comm.receive(time, 0, 0, "time of day")->wait();
    const double received = steady_time();
    if (received - sent >= shortest) continue;
    shortest = received - sent;
    offset = time.item<double>() - (sent + received) / 2;
  }
  return offset;
}

}  // namespace

double offset_to_first_rank(Communicator& comm) {
  if (comm.rank() != 0) return ask(comm);
  for (int rank = 1; rank < comm.size(); ++rank) answer(comm, rank);
  return 0;
}

}  // namespace echelon::train
