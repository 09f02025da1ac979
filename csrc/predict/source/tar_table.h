// Samples of a tar shard, a row each.
#pragma once

#include <memory>
#include <string>

#include "data/image/tar_reader.h"
#include "storage/storage.h"
#include "table/table_file.h"

namespace echelon::predict {

/// Files of the shard whose names agree up to the first dot of the base name are the fields of one sample
/// (data/image/source.h). Columns: `key` (text), `image` (bytes: the first jpg, jpeg, png or webp of the
/// sample), and each other field by its extension in lower case, in the order of the names: text where it is
/// UTF-8 and at most 1 MiB the first time it occurs, else bytes; of `kept` as there. What a sample has not is
/// missing.
///
/// Blocks hold about `block_bytes` of the shard, and are read at once. Of a shard that is damaged, or has a
/// field of the name `key` or `image`, the samples before that are there; one more row, a block of its own,
/// stands for the rest, and its read() throws the DataError that names shard, offset and key. read() throws
/// DataError as well for a field longer than data::kMaxEncodedImage and for text that is no UTF-8. Throws
/// DataError where there are no samples before the damage, or none at all.
std::unique_ptr<table::TableFile> open_tar_table(std::shared_ptr<const storage::RandomAccessFile> shard,
                                                 data::TarEntries& entries, const table::Schema& kept,
                                                 int64_t block_bytes = int64_t{16} << 20);

/// The same for a name, also of a compressed shard. Headers are read from the index beside the shard where
/// there is one.
std::unique_ptr<table::TableFile> open_tar_table(storage::Storage& storage, const std::string& name,
                                                 const table::Schema& kept);

}  // namespace echelon::predict
