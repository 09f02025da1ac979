// libechelon_arrow.so: all that needs Arrow (object stores, Parquet, Arrow IPC, CSV, JSON lines), in a
// library of its own that is opened when it is first needed. Nothing else links Arrow, so that a program
// which reads local shards starts without it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "storage/file_system.h"
#include "storage/settings.h"

namespace echelon::storage {

/// What the library and the program must agree on; raised with every change of the functions it exports.
inline constexpr int kArrowInterface = 3;

/// Where the library is looked for: in the folder of the library or program that holds this code, in the one
/// above, and in that one's lib/.
std::vector<std::filesystem::path> arrow_library_paths();

/// Opens the first of `paths` that exists, for the life of the process. Throws UnavailableError that says how
/// to get the library when there is none, when Arrow is missing, or when it belongs to another version of
/// Echelon.
void* open_arrow_library(const std::vector<std::filesystem::path>& paths);

/// A function of the library, which is opened at the first call; open_arrow_library()'s errors.
void* arrow_function(const char* name);

/// The object stores, without retries. S3 and its threads start at the first s3:// location and end with the
/// process.
std::unique_ptr<FileSystem> make_remote_file_system(const Location& location,
                                                    const StorageSettings& settings);

}  // namespace echelon::storage
