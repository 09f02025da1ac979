#include "common/stop_request.h"

#include <signal.h>
#include <unistd.h>

#include <array>

namespace echelon {
namespace {

constexpr std::array kSignals = {SIGTERM, SIGINT, SIGUSR1};

volatile sig_atomic_t requested = 0;
std::array<struct sigaction, kSignals.size()> previous;

void on_signal(int signal) {
  if (requested != 0 && signal != SIGUSR1) _exit(128 + signal);
  requested = signal;
}

}  // namespace

StopRequest::StopRequest() {
  requested = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &previous[i]);
}

StopRequest::~StopRequest() {
  for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &previous[i], nullptr);
}

int StopRequest::signal() const {
  return requested;
}

}  // namespace echelon
