#include "common/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

namespace echelon::log {
namespace {

std::atomic<int> this_rank{0};
std::atomic<int> ranks{1};

void write_line(int descriptor, std::string text) {
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) return;  // nobody can be told that nobody listens
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

std::string with_rank(std::string_view kind, std::string_view text) {
  if (ranks == 1) return fmt::format("{}: {}", kind, text);
  return fmt::format("{} (rank {}): {}", kind, this_rank.load(), text);
}

}  // namespace

void set_rank(int rank, int world_size) {
  this_rank = rank;
  ranks = world_size;
}

void write_info(std::string_view text) {
  if (this_rank == 0) write_line(STDOUT_FILENO, std::string(text));
}
void write_warning(std::string_view text) { write_line(STDERR_FILENO, with_rank("warning", text)); }
void write_error(std::string_view text) { write_line(STDERR_FILENO, with_rank("error", text)); }

}  // namespace echelon::log
