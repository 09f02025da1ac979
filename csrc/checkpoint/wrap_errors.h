// Errors of the file system, told as errors of a checkpoint.
#pragma once

#include <filesystem>
#include <utility>

#include "common/error.h"

namespace echelon::checkpoint {

/// Runs `function`; what it throws about files becomes a CheckpointError with the same text.
template <class Function>
auto as_checkpoint_error(Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const std::filesystem::filesystem_error& error) {
    throw CheckpointError(error.what());
  } catch (const Error& error) {
    if (error.exit_code() != ExitCode::kData) throw;
    throw CheckpointError(error.what());
  }
}

}  // namespace echelon::checkpoint
