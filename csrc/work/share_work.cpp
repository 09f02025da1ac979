#include "work/share_work.h"

#include <cstring>

#include "comm/communicator.h"
#include "comm/text_exchange.h"
#include "common/error.h"

namespace echelon::work {
namespace {

struct Result {
  bool failed = false;
  std::string bytes;
};

Result attempt(int64_t part, const std::function<std::string(int64_t)>& work) {
  try {
    return {false, work(part)};
  } catch (const Error& error) {
    return {true, error.what()};
  }
}

// Each result as its length (negative minus one: failed) and its bytes, one after the other.
std::string pack(const std::vector<Result>& results) {
  std::string packed;
  for (const Result& result : results) {
    const auto length = static_cast<int64_t>(result.bytes.size());
    const int64_t mark = result.failed ? -length - 1 : length;
    packed.append(reinterpret_cast<const char*>(&mark), sizeof mark);
    packed += result.bytes;
  }
  return packed;
}

Result unpack(const char*& cursor) {
  int64_t mark = 0;
  std::memcpy(&mark, cursor, sizeof mark);
  cursor += sizeof mark;
  const int64_t length = mark < 0 ? -mark - 1 : mark;
  Result result{mark < 0, std::string(cursor, length)};
  cursor += length;
  return result;
}

}  // namespace

std::vector<std::string> share_work(int64_t count, const std::function<std::string(int64_t)>& work,
                                    Communicator* communicator) {
  const int size = communicator ? communicator->size() : 1;
  const int rank = communicator ? communicator->rank() : 0;
  std::vector<Result> mine;
  for (int64_t part = rank; part < count; part += size) mine.push_back(attempt(part, work));

  std::vector<Result> all;
  if (size == 1) {
    all = std::move(mine);
  } else {
    all.resize(count);
    const std::vector<std::string> gathered = gather_texts(*communicator, pack(mine), "data index");
    for (int source = 0; source < size; ++source) {
      const char* cursor = gathered[static_cast<size_t>(source)].data();
      for (int64_t part = source; part < count; part += size) all[part] = unpack(cursor);
    }
  }
  std::vector<std::string> results;
  for (Result& result : all) {
    if (result.failed) throw DataError(result.bytes);
    results.push_back(std::move(result.bytes));
  }
  return results;
}

}  // namespace echelon::work
