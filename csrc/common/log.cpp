#include "common/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

namespace echelon::log {
namespace {

std::atomic<int> this_rank{0};
std::atomic<int> ranks{1};

std::mutex status_mutex;
std::string status;

constexpr std::string_view kClearLine = "\r\x1b[K";

void write_all(int descriptor, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) return;  // nobody can be told that nobody listens
    rest.remove_prefix(static_cast<size_t>(written));
  }
}

void write_line(int descriptor, std::string text) {
  text += '\n';
  const std::lock_guard lock(status_mutex);
  if (status.empty()) return write_all(descriptor, text);
  write_all(STDOUT_FILENO, kClearLine);
  write_all(descriptor, text);
  write_all(STDOUT_FILENO, status);
}

std::string with_rank(std::string_view kind, std::string_view text) {
  if (ranks == 1) return str_format("{}: {}", kind, text);
  return str_format("{} (rank {}): {}", kind, this_rank.load(), text);
}

}  // namespace

void set_rank(int rank, int world_size) {
  this_rank = rank;
  ranks = world_size;
}

void write_info(std::string_view text) {
  if (this_rank == 0) write_line(STDOUT_FILENO, std::string(text));
}
void write_warning(std::string_view text) {
  write_line(STDERR_FILENO, with_rank("warning", text));
}
void write_error(std::string_view text) {
  write_line(STDERR_FILENO, with_rank("error", text));
}

void set_status(std::string_view text) {
  const std::lock_guard lock(status_mutex);
  status = text;
  // The cursor waits in the first column: what another process writes covers the text instead of standing at
  // its end.
  if (!status.empty()) status += '\r';
  write_all(STDOUT_FILENO, std::string(kClearLine) + status);
}

}  // namespace echelon::log
