#include "table/arrow/start.h"

#include <arrow/filesystem/filesystem.h>
#include <arrow/filesystem/s3fs.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "table/arrow/status.h"

namespace echelon::table {
namespace {

/// Of Debian and Ubuntu, Red Hat and its relatives, SUSE, Alpine.
constexpr const char* kBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

bool signal_is_default(int number) {
  struct sigaction current {};
  return ::sigaction(number, nullptr, &current) == 0 && current.sa_handler == SIG_DFL;
}

}  // namespace

std::string certificates() {
  if (const std::string given = first_variable({"AWS_CA_BUNDLE", "SSL_CERT_FILE"}); !given.empty())
    return given;
  std::error_code ignored;
  for (const char* path : kBundles)
    if (std::filesystem::exists(path, ignored)) return path;
  return "";
}

std::string first_variable(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "";
}

void start_tls() {
  static const bool started = [] {
    arrow::fs::FileSystemGlobalOptions options;
    options.tls_ca_file_path = certificates();
    require(arrow::fs::Initialize(options), "setting up TLS");
    return true;
  }();
  static_cast<void>(started);
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

}  // namespace echelon::table
