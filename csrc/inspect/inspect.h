// The verb `inspect`: what a file or folder that Echelon reads or writes holds, and whether it is whole.
#pragma once

#include <string>

#include "inspect/report.h"

namespace echelon::inspect {

struct InspectRequest {
  std::string path;   ///< a file, here or in an object store, or a folder
  std::string sheet;  ///< PNG file for sample images of a tar shard; empty: none
  int samples = 0;    ///< images on the sheet, or documents that are shown; 0: 64, or 3
  std::string
      tokenizer;  ///< file with which documents of a token shard are shown as text; empty: they are not
};

/// Tells by the content, and where that does not say it by the name, what lies at `path`: a checkpoint or
/// safetensors file, a folder that `prepare` made, a tar shard, a token shard, or a table. Throws DataError
/// or CheckpointError for what cannot be read at all, and ConfigError for a request that does not suit what
/// lies there.
Report inspect(const InspectRequest& request);

}  // namespace echelon::inspect
