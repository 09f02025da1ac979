#include "data/open_files.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "data/image/dataset.h"
#include "data/image/source.h"

namespace echelon::data {
namespace {

bool is_folder(const std::string& path) {
  return !storage::is_remote(path) && std::filesystem::is_directory(path);
}

/// The names of the folders of all training data; none where those are shards.
std::vector<std::string> training_classes(const ImageSettings& settings, const OpenRequest& request) {
  std::set<std::string> names;
  for (const Inputs& inputs : training_inputs(settings)) {
    const std::vector<std::string> paths = expand(inputs, request);
    if (paths.size() == 1 && is_folder(paths[0])) {
      for (std::string& name : class_names_in(paths[0])) names.insert(std::move(name));
    }
  }
  return {names.begin(), names.end()};
}

std::unique_ptr<ImageSource> open_source(const ImageSettings& settings, const Inputs& inputs,
                                         const OpenRequest& request, const SourceOptions& options) {
  const std::vector<std::string> paths = expand(inputs, request);
  const auto parquet = std::count_if(paths.begin(), paths.end(), storage::is_parquet_name);
  const auto folders = std::count_if(paths.begin(), paths.end(), is_folder);
  if (parquet + folders == 0) return open_tar_shards(paths, options);
  if (!options.fields.empty())
    throw DataError(str_format("{}: data.fields are read from tar shards only", paths.front()));
  if (static_cast<size_t>(parquet) == paths.size()) return open_parquet_images(paths, options);
  if (paths.size() > 1) {
    throw DataError(str_format(
        "{} and {} more: images come from tar shards, from Parquet files, or from one folder with a "
        "folder for each class",
        paths.front(), paths.size() - 1));
  }
  // A test split or one of several sources may lack classes; all training data together say which there are.
  const std::vector<std::string> names = training_classes(settings, request);
  return open_class_folders(paths[0], names.empty() ? class_names_in(paths[0]) : names, options);
}

}  // namespace

std::shared_ptr<const Dataset> open_files(const ImageSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request) {
  const SourceOptions options{.label_field = settings.label_field,
                              .label_key = settings.label_key,
                              .image_key = settings.image_key,
                              .fields = field_extensions(settings.fields),
                              .classes = request.model.limit,
                              .skip_damaged = settings.on_error == OnError::kSkip,
                              .storage = request.storage,
                              .communicator = request.communicator};
  auto source = open_source(settings, inputs, request, options);
  if (source->size() == 0) throw DataError("no sample is left: all are damaged");
  const image::TransformOptions transform = transform_options(settings, request.split == Split::kTrain);
  auto dataset = std::make_shared<ImageDataset>(std::move(source), image::ImageTransform(transform),
                                                SampleFields(settings.fields));
  if (settings.decode == Decode::kGpu && request.gpu_decoder)
    dataset->decode_on(request.device, image::GpuImageTransform(transform, request.gpu_decoder));
  return dataset;
}

}  // namespace echelon::data
