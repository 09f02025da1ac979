#include "storage/unavailable_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/format.h"

namespace echelon::storage {
namespace {

constexpr std::array kOfTheFile{ENOENT, ENOTDIR, ELOOP,  ENAMETOOLONG, EACCES,   EPERM,
                                EISDIR, ENXIO,   ENODEV, EINVAL,       EOVERFLOW};

}  // namespace

void fail_with(int reason, const std::string& action) {
  const std::string message = str_format("{}: {}", action, std::strerror(reason));
  if (std::ranges::find(kOfTheFile, reason) != kOfTheFile.end()) throw DataError(message);
  throw UnavailableError(message);
}

}  // namespace echelon::storage
