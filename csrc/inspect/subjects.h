// Each kind of thing that can be inspected.
#pragma once

#include <memory>

#include "inspect/inspect.h"
#include "storage/storage.h"

namespace echelon::inspect {

using File = std::shared_ptr<const storage::RandomAccessFile>;

/// Samples, fields, labels, images, and the index beside it. All of the shard is read, and every image
/// decoded.
Report inspect_tar_shard(storage::Storage& storage, const File& shard, const InspectRequest& request);

/// Header, documents, lengths; the checksum is verified.
Report inspect_token_shard(const File& shard, const InspectRequest& request);

/// Whether a folder was made by `prepare`.
bool is_prepared_folder(const std::string& path);

/// The manifest in short; each file is compared with its size and checksum.
Report inspect_prepared_folder(const std::string& path);

/// Columns and rows, with what the file says of itself; values are not read.
Report inspect_table(storage::Storage& storage, const InspectRequest& request);

}  // namespace echelon::inspect
