#include <arrow/filesystem/gcsfs.h>
#include <arrow/filesystem/s3fs.h>
#include <signal.h>

#include <cstdlib>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/file_system.h"
#include "table/arrow/status.h"

namespace echelon::table {
namespace {

using storage::Location;
using storage::StorageSettings;

/// Attempts are counted, and waits bounded, in one place: storage/retry.h.
class OneAttempt final : public arrow::fs::S3RetryStrategy {
 public:
  bool ShouldRetry(const AWSErrorDetail&, int64_t) override { return false; }
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t) override { return 0; }
};

bool signal_is_default(int number) {
  struct sigaction current {};
  return ::sigaction(number, nullptr, &current) == 0 && current.sa_handler == SIG_DFL;
}

void start_s3() {
  static const bool started = [] {
    arrow::fs::S3GlobalOptions options = arrow::fs::S3GlobalOptions::Defaults();
    // A connection that the store closes must not end the process.
    options.install_sigpipe_handler = signal_is_default(SIGPIPE);
    require(arrow::fs::InitializeS3(options), "starting the S3 client");
    // The end of S3 uses what Arrow makes at the first client and destroys at exit: with one made here, this
    // function is registered later, and so runs earlier.
    arrow::fs::S3Options local = arrow::fs::S3Options::Anonymous();
    local.region = "us-east-1";
    require(arrow::fs::S3FileSystem::Make(local).status(), "starting the S3 client");
    std::atexit([] { [[maybe_unused]] const arrow::Status ignored = arrow::fs::EnsureS3Finalized(); });
    return true;
  }();
  static_cast<void>(started);
}

std::string option(const Location& location, const char* name, std::string otherwise = "") {
  const auto found = location.options.find(name);
  return found == location.options.end() ? otherwise : found->second;
}

bool is_true(const Location& location, const char* name) {
  const std::string value = option(location, name, "false");
  if (value != "true" && value != "false")
    throw DataError(str_format("{}: {} is true or false, not \"{}\"", location.text(), name, value));
  return value == "true";
}

/// The first of these variables that is set and not empty.
std::string environment(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "";
}

/// The location's own options come before the environment's URL, which AWS's tools read as well.
void choose_endpoint(const Location& location, arrow::fs::S3Options& options) {
  std::string url = environment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  if (location.options.contains("endpoint_override")) url = location.options.at("endpoint_override");
  options.scheme = option(location, "scheme", url.starts_with("http://") ? "http" : "https");
  if (const size_t mark = url.find("://"); mark != std::string::npos) url.erase(0, mark + 3);
  options.endpoint_override = url;
}

std::shared_ptr<arrow::fs::FileSystem> open_s3(const Location& location, const StorageSettings& settings) {
  start_s3();
  auto options =
      is_true(location, "anonymous") ? arrow::fs::S3Options::Anonymous() : arrow::fs::S3Options::Defaults();
  options.region = option(location, "region");
  choose_endpoint(location, options);
  options.force_virtual_addressing = is_true(location, "force_virtual_addressing");
  options.connect_timeout = settings.connect_timeout;
  options.request_timeout = settings.request_timeout;
  options.retry_strategy = std::make_shared<OneAttempt>();
  const std::string bucket = location.path.substr(0, location.path.find('/'));
  if (options.region.empty()) options.region = environment({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (options.region.empty() && options.endpoint_override.empty())
    options.region = require_from_store(arrow::fs::ResolveS3BucketRegion(bucket),
                                        str_format("finding the region of s3://{}", bucket));
  return require_from_store(arrow::fs::S3FileSystem::Make(options), "opening " + location.text());
}

std::shared_ptr<arrow::fs::FileSystem> open_google(const Location& location,
                                                   const StorageSettings& settings) {
  auto options =
      is_true(location, "anonymous") ? arrow::fs::GcsOptions::Anonymous() : arrow::fs::GcsOptions::Defaults();
  options.endpoint_override = option(location, "endpoint_override");
  options.scheme = option(location, "scheme", "https");
  options.retry_limit_seconds = settings.request_timeout;
  if (const std::string project = option(location, "project_id"); !project.empty())
    options.project_id = project;
  return require_from_store(arrow::fs::GcsFileSystem::Make(options), "opening " + location.text());
}

}  // namespace

std::shared_ptr<arrow::fs::FileSystem> open_object_store(const Location& location,
                                                         const StorageSettings& settings) {
  return location.scheme == storage::Scheme::kS3 ? open_s3(location, settings)
                                                 : open_google(location, settings);
}

}  // namespace echelon::table
