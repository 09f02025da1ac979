// The errors that Echelon throws. A message says what was wrong, where, and what to do about it.
//
// Only `main` turns an error into an exit code; nothing in the library calls exit().
#pragma once

#include <stdexcept>
#include <string>

namespace echelon {

/// What ended a command, as the exit code of the process (docs/errors.md).
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,    ///< a defect of Echelon, or an error of a library below it
  kUsage = 2,       ///< unknown verb or option
  kConfig = 3,      ///< the configuration has problems; nothing was started
  kData = 4,        ///< input data missing, corrupt or out of range
  kComm = 5,        ///< a rank is missing, late or doing something else than the others
  kCheckpoint = 6,  ///< a checkpoint is missing, truncated, altered or does not fit
  kNotFinite = 7,   ///< a loss, output or gradient is not finite and `on_nan: stop`
  kInterrupted =
      75,  ///< stopped by SIGTERM or SIGINT after writing a checkpoint: run again to continue (EX_TEMPFAIL)
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode exit_code() const { return code_; }

 private:
  ExitCode code_;
};

/// A setting is wrong. The message holds one line a problem: `file:line:column: …`.
struct ConfigError : Error {
  explicit ConfigError(const std::string& message) : Error(ExitCode::kConfig, message) {}
};

/// Input data cannot be used. The message names shard, offset and key where there are any.
struct DataError : Error {
  explicit DataError(const std::string& message) : Error(ExitCode::kData, message) {}
};

/// Communication failed. The message names rank and operation.
struct CommError : Error {
  explicit CommError(const std::string& message) : Error(ExitCode::kComm, message) {}
};

/// A checkpoint cannot be written or read. The message names the file.
struct CheckpointError : Error {
  explicit CheckpointError(const std::string& message) : Error(ExitCode::kCheckpoint, message) {}
};

/// An output or a gradient is not finite. The message names layer, step and rank.
struct NotFiniteError : Error {
  explicit NotFiniteError(const std::string& message) : Error(ExitCode::kNotFinite, message) {}
};

/// A defect of Echelon itself: a condition that no input should be able to break.
struct InternalError : Error {
  explicit InternalError(const std::string& message) : Error(ExitCode::kInternal, message) {}
};

}  // namespace echelon
