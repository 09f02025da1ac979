#include "train/record/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"

namespace echelon::train {
namespace {

using nlohmann::ordered_json;

/// True for a whole record of a step up to `last_step`.
bool is_kept(const std::string& line, int64_t last_step) {
  const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!record.is_object()) return false;
  const auto step = record.find("step");
  return step != record.end() && step->is_number_integer() && step->get<int64_t>() <= last_step;
}

/// The length of the part before the first line that is not kept. Steps rise, so nothing after it is either.
uint64_t kept_bytes(const fs::path& path, int64_t last_step) {
  std::ifstream file(path, std::ios::binary);
  uint64_t kept = 0;
  for (std::string line; std::getline(file, line) && !file.eof() && is_kept(line, last_step);)
    kept += line.size() + 1;
  return kept;
}

[[noreturn]] void fail(const char* action, const fs::path& path) {
  throw Error(ExitCode::kData, str_format("cannot {} {}: {}", action, path.string(), std::strerror(errno)));
}

}  // namespace

MetricsLog::MetricsLog(const fs::path& path, int64_t resumed_step)
    : path_(path), descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail("open", path_);
  if (::ftruncate(descriptor_, static_cast<off_t>(kept_bytes(path_, resumed_step))) == 0) return;
  ::close(descriptor_);
  fail("shorten", path_);
}

MetricsLog::~MetricsLog() {
  ::close(descriptor_);
}

void MetricsLog::write(std::string_view kind, int64_t step, const Scalars& values) {
  ordered_json record{{"kind", kind}, {"step", step}, {"time", unix_time()}};
  for (const auto& [name, value] : values)
    record[name] = std::isfinite(value) ? ordered_json(value) : ordered_json();
  const std::string line = record.dump() + "\n";
  if (::write(descriptor_, line.data(), line.size()) == static_cast<ssize_t>(line.size()) || failed_) return;
  failed_ = true;
  log::warning("cannot write {}: {}; records are being lost", path_.string(), std::strerror(errno));
}

}  // namespace echelon::train
