#include "table/arrow/status.h"

#include <parquet/exception.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>

#include "common/error.h"
#include "common/format.h"
#include "storage/retry.h"

namespace echelon::table {
namespace {

/// As the AWS and Google libraries, and Arrow for them, name what another attempt does not change.
constexpr std::string_view kPermanent[] = {
    "ACCESS_DENIED",     "NO_SUCH_BUCKET", "NO_SUCH_KEY",      "RESOURCE_NOT_FOUND",  "VALIDATION",
    "PERMISSION_DENIED", "NOT_FOUND",      "INVALID_ARGUMENT", "Path does not exist", "Not a regular file"};

/// Neither does it change who asks, and that says nothing of the object.
constexpr std::string_view kOfTheUser[] = {
    "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "INVALID_SIGNATURE", "EXPIRED_TOKEN",
    "UNRECOGNIZED_CLIENT",   "MISSING_AUTHENTICATION",   "UNAUTHENTICATED"};

bool names_one_of(const arrow::Status& status, std::span<const std::string_view> names) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return status.message().find(name) != std::string::npos; });
}

/// Redirections and refusals, but for "time-out" and "too many requests".
bool is_permanent_http(std::string_view message) {
  constexpr std::string_view kStatus = "HTTP status ";
  const size_t at = message.find(kStatus);
  if (at == message.npos) return false;
  const int code = std::atoi(std::string(message.substr(at + kStatus.size(), 3)).c_str());
  return code >= 300 && code < 500 && code != 408 && code != 429;
}

bool is_permanent(const arrow::Status& status) {
  return !status.IsIOError() || is_permanent_http(status.message()) || names_one_of(status, kPermanent);
}

class Unavailable final : public arrow::StatusDetail {
 public:
  explicit Unavailable(std::string message) : message_(std::move(message)) {}
  const char* type_id() const override { return kType; }
  std::string ToString() const override { return message_; }

  static constexpr const char* kType = "echelon::table::Unavailable";

 private:
  std::string message_;
};

void rethrow_unavailable(const arrow::Status& status) {
  if (status.detail() && status.detail()->type_id() == std::string_view(Unavailable::kType))
    throw storage::UnavailableError(status.detail()->ToString());
}

}  // namespace

std::string reason_of(const arrow::Status& status) {
  std::string text = status.message();
  constexpr size_t kLongest = 400;  // some quote the whole row
  text.resize(std::min({text.find('\n'), text.size(), kLongest}));
  return text.empty() ? status.CodeAsString() : text;
}

arrow::Status unavailable(const storage::UnavailableError& error) {
  return {arrow::StatusCode::IOError, error.what(), std::make_shared<Unavailable>(error.what())};
}

void rethrow_unavailable(const std::exception& error) {
  if (const auto* of_status = dynamic_cast<const parquet::ParquetStatusException*>(&error))
    rethrow_unavailable(of_status->status());
}

void require(const arrow::Status& status, std::string_view what) {
  rethrow_unavailable(status);
  if (status.IsOutOfMemory()) throw std::bad_alloc();
  if (!status.ok()) throw DataError(str_format("{}: {}", what, reason_of(status)));
}

void require_from_store(const arrow::Status& status, std::string_view what) {
  if (!status.ok() && names_one_of(status, kOfTheUser))
    throw storage::UnavailableError(str_format("{}: {}", what, reason_of(status)));
  if (!status.ok() && !is_permanent(status)) throw storage::TransientError(reason_of(status));
  require(status, what);
}

}  // namespace echelon::table
