// Failures to reach data that are no fault of theirs.
#pragma once

#include <string>

#include "common/error.h"

namespace echelon::storage {

/// An object store that stays away after all attempts or does not know the user, a disk that fails or is
/// full, no descriptor left for another file, no library that reads such files. It says nothing of the data
/// and therefore is no DataError: whoever skips or records what is damaged must not take these for damaged.
/// The job ends, and goes on when it is started again.
struct UnavailableError : Error {
  explicit UnavailableError(const std::string& message) : Error(ExitCode::kData, message) {}
};

/// `action`, "cannot open x", failed with `reason` (errno). Throws DataError where that lies with the file,
/// which is not there, is of another kind or may not be read, else UnavailableError; both say it.
[[noreturn]] void fail_with(int reason, const std::string& action);

}  // namespace echelon::storage
