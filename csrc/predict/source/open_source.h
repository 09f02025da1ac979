// Whatever holds rows, as a table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "predict/settings.h"
#include "storage/storage.h"
#include "table/table_file.h"

namespace echelon::predict {

/// The column of the images, or of paths to them, as a model of images reads it: what `inputs.image` names,
/// else `path` of a list of paths, else `image`.
std::string image_column(const PredictSettings& settings);

/// Opens a file as `settings.source` says:
///   a table     its columns. Where image_column() is a struct with a member `bytes`, as Hugging Face writes
///               it, that stands under the struct's name as well; where it holds text, relative paths in it
///               become those from the folder of the file.
///   tar shards  open_tar_table()
///   an image    `path`, `image`: one row, which is read when it is asked for
///   lines       `text`
///   paths       `path`, from the folder of the file where it is relative
/// `kept`: what the files before it had, which decides types that this one leaves open. Throws DataError that
/// names the file.
std::unique_ptr<table::TableFile> open_source(const std::string& name, const PredictSettings& settings,
                                              const table::Schema& kept, storage::Storage& storage);

/// The files that `pattern` names; for a folder those of the images in it and below it, sorted by bytes (an
/// object store's folder ends with a slash). Throws as Storage::expand(), and NoMatchError for a folder
/// without images.
std::vector<std::string> expand_source(const std::string& pattern, storage::Storage& storage);

}  // namespace echelon::predict
