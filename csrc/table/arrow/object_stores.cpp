#include <arrow/filesystem/gcsfs.h>
#include <arrow/filesystem/s3fs.h>

#include <cstdlib>

#include "common/error.h"
#include "common/format.h"
#include "table/arrow/file_system.h"
#include "table/arrow/start.h"
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

/// The location's own options come before the environment's URL, which AWS's tools read as well.
void choose_endpoint(const Location& location, arrow::fs::S3Options& options) {
  std::string url = first_variable({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
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
  options.tls_ca_file_path = certificates();
  const std::string bucket = location.path.substr(0, location.path.find('/'));
  if (options.region.empty()) options.region = first_variable({"AWS_REGION", "AWS_DEFAULT_REGION"});
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
  start_tls();
  return location.scheme == storage::Scheme::kS3 ? open_s3(location, settings)
                                                 : open_google(location, settings);
}

}  // namespace echelon::table
