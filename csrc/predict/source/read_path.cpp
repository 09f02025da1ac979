#include "predict/source/read_path.h"

#include "common/error.h"
#include "common/stage_clock.h"

namespace echelon::predict {

std::string read_path(storage::Storage& storage, const std::string& path, int64_t max_bytes) {
  const StageScope scope(LoadStage::kRead);
  if (path.empty()) throw DataError("the path is empty");
  std::string content = storage::read_all(*storage.open(path, storage::Access::kInPlace), max_bytes);
  count_bytes_read(static_cast<int64_t>(content.size()));
  return content;
}

}  // namespace echelon::predict
