#include "train/record/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "common/format.h"
#include "common/log.h"

namespace echelon::train {
namespace {

constexpr double kSecondsBetweenDrawings = 0.1;

bool launched_by_mpi() {
  return std::getenv("OMPI_COMM_WORLD_RANK") != nullptr || std::getenv("PMI_RANK") != nullptr ||
         std::getenv("PMIX_RANK") != nullptr;
}

bool launcher_writes_to_terminal() {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(str_format("/proc/{}/fd/1", ::getppid()), error).string();
  return !error && (target.starts_with("/dev/pts/") || target.starts_with("/dev/tty"));
}

int terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

bool output_is_watched() {
  const char* kind = std::getenv("TERM");
  if (kind == nullptr || std::string_view(kind) == "dumb" || ::isatty(STDOUT_FILENO) == 0) return false;
  return !launched_by_mpi() || launcher_writes_to_terminal();
}

std::string render_bar(int64_t step, int64_t total_steps, double loss, double seconds_left, int width) {
  const double done = total_steps > 0
                          ? std::clamp(static_cast<double>(step) / static_cast<double>(total_steps), 0.0, 1.0)
                          : 1;
  const std::string facts = str_format("{:3.0f}%  step {}/{}  loss {:.4f}  left {}", 100 * done, step,
                                       total_steps, loss, human_seconds(seconds_left));
  constexpr int kFrame = 4;  // brackets and two spaces
  const int length = std::min(width - kFrame - static_cast<int>(facts.size()), 40);
  if (length < 4) return facts.substr(0, static_cast<size_t>(std::max(width, 0)));
  const auto full = static_cast<size_t>(done * length);
  std::string bar(full, '=');
  if (full < static_cast<size_t>(length)) bar += '>';
  bar.resize(static_cast<size_t>(length), ' ');
  return str_format("[{}]  {}", bar, facts);
}

Progress::~Progress() {
  if (drawn_) log::set_status("");
}

void Progress::line(const StepRecord& record) {
  log::write_info(render_line(record));
}

void Progress::step(int64_t step, int64_t total_steps, double loss, double seconds_left) {
  if (!draws_bar_ || (drawn_ && since_drawn_.seconds() < kSecondsBetweenDrawings)) return;
  log::set_status(render_bar(step, total_steps, loss, seconds_left, terminal_width() - 1));
  drawn_ = true;
  since_drawn_.restart();
}

}  // namespace echelon::train
