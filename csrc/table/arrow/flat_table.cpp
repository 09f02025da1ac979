#include "table/arrow/flat_table.h"

#include "common/error.h"

namespace echelon::table {

FlatTable FlatTable::root(std::span<const uint8_t> bytes) {
  const FlatTable start(bytes, 0);
  return {bytes, start.follow(0)};
}

FlatTable FlatTable::table(int field) const {
  const uint64_t at = place(field);
  if (at == 0) throw DataError("its metadata lack a part");
  return {bytes_, follow(at)};
}

std::span<const uint8_t> FlatTable::structs(int field, uint64_t size) const {
  const uint64_t at = place(field);
  if (at == 0) return {};
  const uint64_t vector = follow(at);
  const uint64_t bytes = load<uint32_t>(vector) * size;
  require_inside(vector + sizeof(uint32_t), bytes);
  return bytes_.subspan(vector + sizeof(uint32_t), bytes);
}

void FlatTable::require_inside(uint64_t at, uint64_t bytes) const {
  if (at > bytes_.size() || bytes > bytes_.size() - at)
    throw DataError("its metadata point outside of themselves");
}

/// The table begins with the distance back to its vtable: sizes of both, then the place of each field.
uint64_t FlatTable::place(int field) const {
  const int64_t vtable = static_cast<int64_t>(at_) - load<int32_t>(at_);
  if (vtable < 0) throw DataError("its metadata point outside of themselves");
  const auto start = static_cast<uint64_t>(vtable);
  const uint64_t entry = 4 + 2 * static_cast<uint64_t>(field);
  if (entry + 2 > load<uint16_t>(start)) return 0;
  const uint16_t offset = load<uint16_t>(start + entry);
  return offset == 0 ? 0 : at_ + offset;
}

}  // namespace echelon::table
