#include "table/arrow/status.h"

#include <algorithm>
#include <cstdlib>

#include "common/error.h"
#include "common/format.h"
#include "storage/retry.h"

namespace echelon::table {
namespace {

/// As the AWS and Google libraries, and Arrow for them, name what another attempt does not change.
constexpr std::string_view kPermanent[] = {"ACCESS_DENIED",
                                           "INVALID_ACCESS_KEY_ID",
                                           "SIGNATURE_DOES_NOT_MATCH",
                                           "INVALID_SIGNATURE",
                                           "EXPIRED_TOKEN",
                                           "UNRECOGNIZED_CLIENT",
                                           "MISSING_AUTHENTICATION",
                                           "NO_SUCH_BUCKET",
                                           "NO_SUCH_KEY",
                                           "RESOURCE_NOT_FOUND",
                                           "VALIDATION",
                                           "PERMISSION_DENIED",
                                           "UNAUTHENTICATED",
                                           "NOT_FOUND",
                                           "INVALID_ARGUMENT",
                                           "Path does not exist",
                                           "Not a regular file"};

/// Redirections and refusals, but for "time-out" and "too many requests".
bool is_permanent_http(std::string_view message) {
  constexpr std::string_view kStatus = "HTTP status ";
  const size_t at = message.find(kStatus);
  if (at == message.npos) return false;
  const int code = std::atoi(std::string(message.substr(at + kStatus.size(), 3)).c_str());
  return code >= 300 && code < 500 && code != 408 && code != 429;
}

bool is_permanent(const arrow::Status& status) {
  const std::string& message = status.message();
  return !status.IsIOError() || is_permanent_http(message) ||
         std::any_of(std::begin(kPermanent), std::end(kPermanent),
                     [&](std::string_view text) { return message.find(text) != message.npos; });
}

}  // namespace

std::string reason_of(const arrow::Status& status) {
  std::string text = status.message();
  constexpr size_t kLongest = 400;  // some quote the whole row
  text.resize(std::min({text.find('\n'), text.size(), kLongest}));
  return text.empty() ? status.CodeAsString() : text;
}

void require(const arrow::Status& status, std::string_view what) {
  if (status.IsOutOfMemory()) throw std::bad_alloc();
  if (!status.ok()) throw DataError(str_format("{}: {}", what, reason_of(status)));
}

void require_from_store(const arrow::Status& status, std::string_view what) {
  if (!status.ok() && !is_permanent(status)) throw storage::TransientError(reason_of(status));
  require(status, what);
}

}  // namespace echelon::table
