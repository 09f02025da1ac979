#include "inspect/inspect.h"

#include <array>

#include "checkpoint/inspect.h"
#include "common/error.h"
#include "common/format.h"
#include "inspect/subjects.h"
#include "prepare/manifest.h"

namespace echelon::inspect {
namespace {

enum class Kind { kTarShard, kTokenShard, kTable, kUnknown };

/// What the first block says: the magic of a token shard, or "ustar" where tar headers have it.
Kind kind_of_content(const storage::RandomAccessFile& file) {
  std::array<uint8_t, 512> block{};
  const auto held = static_cast<size_t>(std::min<int64_t>(file.size(), block.size()));
  file.read(0, std::span(block).first(held));
  const std::string_view text(reinterpret_cast<const char*>(block.data()), block.size());
  if (text.starts_with("ECHTOKEN")) return Kind::kTokenShard;
  if (text.starts_with("PAR1")) return Kind::kTable;
  return text.substr(257).starts_with("ustar") ? Kind::kTarShard : Kind::kUnknown;
}

Kind kind_of_name(const std::string& name) {
  const std::string ending = storage::ending_of(storage::parse_location(name).path);
  if (ending == ".tar" || ending == ".tgz") return Kind::kTarShard;
  if (ending == ".tokens") return Kind::kTokenShard;
  const bool is_table = ending == ".csv" || ending == ".tsv" || ending == ".jsonl" || ending == ".ndjson" ||
                        ending == ".json" || ending == ".arrow" || ending == ".arrows" ||
                        ending == ".feather" || ending == ".ipc" || storage::is_parquet_name(name);
  return is_table ? Kind::kTable : Kind::kUnknown;
}

Report inspect_checkpoint(const std::string& path) {
  std::string text = checkpoint::inspect(path);
  if (text.ends_with('\n')) text.pop_back();
  return Report(std::move(text));
}

/// Refuses what was asked for of another kind of file.
void check_request(const InspectRequest& request, Kind kind) {
  if (!request.sheet.empty() && kind != Kind::kTarShard)
    throw ConfigError(str_format("--sheet: {} is no tar shard of images", request.path));
  if (!request.tokenizer.empty() && kind != Kind::kTokenShard)
    throw ConfigError(str_format("--tokenizer: {} is no token shard", request.path));
}

}  // namespace

Report inspect(const InspectRequest& request) {
  const bool remote = storage::is_remote(request.path);
  if (!remote && (fs::is_directory(request.path) || checkpoint::can_inspect(request.path))) {
    check_request(request, Kind::kUnknown);
    const fs::path path = request.path;
    const fs::path folder = path.filename() == prepare::kManifestFile ? path.parent_path() : path;
    return is_prepared_folder(folder) ? inspect_prepared_folder(folder) : inspect_checkpoint(path);
  }
  storage::Storage storage;
  Kind kind = kind_of_name(request.path);
  if (kind == Kind::kTable) {
    check_request(request, kind);
    return inspect_table(storage, request);
  }
  const File file = storage.open_unpacked(request.path);
  if (const Kind seen = kind_of_content(*file); seen != Kind::kUnknown) kind = seen;
  check_request(request, kind);
  if (kind == Kind::kTarShard) return inspect_tar_shard(storage, file, request);
  if (kind == Kind::kTokenShard) return inspect_token_shard(file, request);
  if (kind == Kind::kTable) return inspect_table(storage, request);
  throw DataError(
      str_format("{}: neither its content nor its name says what it is; inspect shows checkpoints, "
                 "safetensors files, tar "
                 "shards, token shards, Parquet, Arrow, CSV and JSON lines",
                 request.path));
}

}  // namespace echelon::inspect
