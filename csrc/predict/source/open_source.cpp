#include "predict/source/open_source.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "data/image/tar_index_layout.h"
#include "data/table/tables.h"
#include "predict/source/image_file.h"
#include "predict/source/image_paths.h"
#include "predict/source/line_table.h"
#include "predict/source/tar_table.h"
#include "storage/patterns.h"

namespace echelon::predict {
namespace {

using table::TableFile;

bool is_image_name(const std::string& name) {
  const std::string ending = storage::ending_of(name);
  return !ending.empty() && data::is_image_field(ending.substr(1));
}

SourceFormat format_of(const std::string& name, SourceFormat format) {
  if (format != SourceFormat::kAuto) return format;
  if (is_image_name(name)) return SourceFormat::kImages;
  const std::string ending = storage::ending_of(name);
  if (ending == ".tar" || ending == ".tgz") return SourceFormat::kTar;
  return ending == ".txt" ? SourceFormat::kLines : SourceFormat::kAuto;
}

std::unique_ptr<TableFile> open_table(const std::string& name, const PredictSettings& settings,
                                      const table::Schema& kept, storage::Storage& storage) {
  table::TableOptions options = data::table_options(table_reading(settings.source));
  auto file = table::open_table(storage, name, options);
  if (file->stores_types()) return file;
  // What does not say what its columns hold is read as the first file was.
  const size_t told = options.types.size();
  for (const table::Field& field : kept) {
    const table::Field* own = table::find_field(file->schema(), field.name);
    if (own != nullptr && own->type != field.type) options.types.try_emplace(field.name, field.type);
  }
  return options.types.size() == told ? std::move(file) : table::open_table(storage, name, options);
}

void add_images_below(const storage::FileSystem& files, const storage::Location& folder,
                      std::vector<std::string>& names) {
  for (const storage::FileInfo& entry : files.list(folder.path)) {
    const storage::Location location = folder.with_path(entry.path);
    if (entry.is_folder) {
      add_images_below(files, location, names);
    } else if (is_image_name(entry.path)) {
      names.push_back(location.text());
    }
  }
}

bool is_folder(const storage::FileSystem& files, const storage::Location& location) {
  if (location.remote()) return location.path.ends_with('/');
  const auto found = files.find(location.path);
  return found && found->is_folder;
}

}  // namespace

std::string image_column(const PredictSettings& settings) {
  if (const auto named = settings.inputs.find("image"); named != settings.inputs.end())
    return named->second.empty() ? "" : named->second.front();
  return settings.source.format == SourceFormat::kPaths ? "path" : "image";
}

std::unique_ptr<TableFile> open_source(const std::string& name, const PredictSettings& settings,
                                       const table::Schema& kept, storage::Storage& storage) {
  switch (format_of(name, settings.source.format)) {
    case SourceFormat::kTar:
      return open_tar_table(storage, name, kept);
    case SourceFormat::kImages:
      return open_image_file(storage, name);
    case SourceFormat::kLines:
      return open_line_table(storage.open_unpacked(name), "text");
    case SourceFormat::kPaths:
      return with_image_paths(open_line_table(storage.open_unpacked(name), "path"), "path");
    default:
      return with_image_paths(open_table(name, settings, kept, storage), image_column(settings));
  }
}

std::vector<std::string> expand_source(const std::string& pattern, storage::Storage& storage) {
  storage::Location location = storage::parse_location(pattern);
  if (storage::has_wildcards(location.path)) return storage.expand({pattern});
  const storage::FileSystem& files = storage.of(location);
  if (!is_folder(files, location)) return storage.expand({pattern});
  while (location.path.size() > 1 && location.path.ends_with('/')) location.path.pop_back();
  std::vector<std::string> names;
  add_images_below(files, location, names);
  if (names.empty())
    throw storage::NoMatchError(
        str_format("{}: the folder holds no .jpg, .jpeg, .png or .webp; name other files with a pattern, "
                   "like {}/*.parquet",
                   pattern, location.text()));
  std::ranges::sort(names);
  return names;
}

}  // namespace echelon::predict
