#include "common/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "common/format.h"
#include "common/log.h"

namespace echelon {
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

std::string render_bar(double done, std::string_view facts, int width) {
  constexpr int kFrame = 4;  // brackets and two spaces
  const int length = std::min(width - kFrame - static_cast<int>(facts.size()), 40);
  if (length < 4) return std::string(facts.substr(0, static_cast<size_t>(std::max(width, 0))));
  const auto full = static_cast<size_t>(std::clamp(done, 0.0, 1.0) * length);
  std::string bar(full, '=');
  if (full < static_cast<size_t>(length)) bar += '>';
  bar.resize(static_cast<size_t>(length), ' ');
  return str_format("[{}]  {}", bar, facts);
}

ProgressBar::~ProgressBar() {
  if (drawn_) log::set_status("");
}

bool ProgressBar::due() const {
  return draws_ && (!drawn_ || since_drawn_.seconds() >= kSecondsBetweenDrawings);
}

void ProgressBar::show(double done, std::string_view facts) {
  if (!due()) return;
  log::set_status(render_bar(done, facts, terminal_width() - 1));
  drawn_ = true;
  since_drawn_.restart();
}

}  // namespace echelon
