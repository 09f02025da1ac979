#include "train/save_checkpoint.h"

#include <sstream>

#include "comm/text_exchange.h"
#include "common/error.h"

namespace echelon::train {
namespace {

constexpr char kFailed = '!';

/// A line a file, or the error.
std::string write_own_files(const std::string& folder, const checkpoint::Contents& contents) {
  try {
    std::string lines;
    for (const checkpoint::StoredFile& file : checkpoint::write_files(folder, contents))
      lines += str_format("{} {} {}\n", file.name, file.bytes, file.checksum);
    return lines;
  } catch (const CheckpointError& error) {
    return kFailed + std::string(error.what());
  }
}

std::vector<checkpoint::StoredFile> parse_files(const std::string& lines) {
  std::istringstream stream(lines);
  std::vector<checkpoint::StoredFile> files;
  for (checkpoint::StoredFile file; stream >> file.name >> file.bytes >> file.checksum;)
    files.push_back(file);
  return files;
}

/// Rank 0: the folder to write to, or the error.
std::string begin(checkpoint::Store& store, int64_t step) {
  try {
    return store.begin(step).string();
  } catch (const CheckpointError& error) {
    return kFailed + std::string(error.what());
  }
}

/// Rank 0: puts everything in place; the error if that fails.
std::string commit(checkpoint::Store& store, const checkpoint::Manifest& manifest,
                   const std::vector<std::string>& written) {
  std::vector<checkpoint::StoredFile> files;
  std::string failures;
  for (size_t rank = 0; rank < written.size(); ++rank) {
    if (written[rank].starts_with(kFailed)) {
      failures += str_format("{}rank {}: {}", failures.empty() ? "" : "; ", rank, written[rank].substr(1));
    } else {
      for (checkpoint::StoredFile& file : parse_files(written[rank])) files.push_back(std::move(file));
    }
  }
  try {
    if (!failures.empty()) throw CheckpointError(failures);
    store.commit(manifest, files);
    return "";
  } catch (const CheckpointError& error) {
    try {
      store.give_up(manifest.step, error.what());
    } catch (const CheckpointError& explained) {
      return explained.what();
    }
  }
}

void save_together(checkpoint::Store* store, const checkpoint::Contents& contents, Communicator& comm) {
  const std::string folder =
      broadcast_text(comm, store != nullptr ? begin(*store, contents.manifest.step) : "", 0);
  if (folder.starts_with(kFailed)) throw CheckpointError(folder.substr(1));
  const std::vector<std::string> written = gather_texts(comm, write_own_files(folder, contents));
  const std::string failure =
      broadcast_text(comm, store != nullptr ? commit(*store, contents.manifest, written) : "", 0);
  if (!failure.empty()) throw CheckpointError(failure);
}

}  // namespace

void save_checkpoint(checkpoint::Store* store, const checkpoint::Contents& contents, Communicator& comm) {
  const bool alone = contents.part.count == 1 && contents.optimizer_part.count == 1;
  if (!alone) return save_together(store, contents, comm);
  if (store != nullptr) store->save(contents);
}

}  // namespace echelon::train
