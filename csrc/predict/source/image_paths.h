// A table of images, however it holds them.
#pragma once

#include <memory>
#include <string>

#include "table/table_file.h"

namespace echelon::predict {

/// `file` with a column `column` of images that stand in it as bytes, or as paths:
///   `column` of bytes, or of anything else but text: as it is
///   no `column`, but `column`.bytes of bytes: these, under both names
///   `column` of text: paths; those that are relative are taken from the folder of `file`
std::unique_ptr<table::TableFile> with_image_paths(std::unique_ptr<table::TableFile> file,
                                                   const std::string& column);

}  // namespace echelon::predict
