#include "prepare/image/samples.h"

#include <algorithm>
#include <filesystem>

#include "common/error.h"
#include "common/format.h"
#include "storage/storage.h"
#include "work/inputs.h"

namespace echelon::prepare {
namespace {

bool is_folder(const std::string& path) {
  return !storage::is_remote(path) && std::filesystem::is_directory(path);
}

}  // namespace

std::unique_ptr<SampleSource> open_samples(const ImagePreparation& settings, Communicator& comm) {
  storage::Storage storage(settings.storage);
  const Paths paths = work::expand_input(settings.input, storage, comm);
  const auto parquet =
      static_cast<size_t>(std::count_if(paths.begin(), paths.end(), storage::is_parquet_name));
  const bool has_folders = std::any_of(paths.begin(), paths.end(), is_folder);
  if (has_folders && paths.size() == 1) return open_folder_samples(paths[0], settings, comm);
  if (has_folders || (parquet > 0 && parquet < paths.size())) {
    throw DataError(
        str_format("{} and {} more: images come from tar shards, from Parquet files, or from one folder with "
                   "a folder for each class",
                   paths.front(), paths.size() - 1));
  }
  std::vector<work::InputFile> inputs = work::files_of(work::look_at_inputs(paths, storage, comm));
  return parquet > 0 ? open_parquet_samples(paths, settings, std::move(inputs), comm)
                     : open_tar_samples(paths, settings, std::move(inputs), comm);
}

}  // namespace echelon::prepare
