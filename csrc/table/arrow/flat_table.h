// A table of FlatBuffers, read with every offset checked: the two numbers that Arrow keeps to itself, rows of
// a batch without its columns and where the batches of a file lie (flatbuffers.dev, "FlatBuffer Internals").
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace echelon::table {

/// A view of `bytes`, which must outlive it. Every function throws DataError, without saying where, for what
/// points outside of them. Fields are numbered in the order of the schema (.fbs), from 0.
class FlatTable {
 public:
  /// The root table of a buffer.
  static FlatTable root(std::span<const uint8_t> bytes);

  /// A scalar; `absent` where the table has none.
  template <class T>
  T scalar(int field, T absent = 0) const {
    const uint64_t at = place(field);
    return at == 0 ? absent : load<T>(at);
  }
  bool has(int field) const { return place(field) != 0; }
  /// A table within this one, which must be there.
  FlatTable table(int field) const;
  /// A vector of structs of `size` bytes, end to end; empty where there is none.
  std::span<const uint8_t> structs(int field, uint64_t size) const;

 private:
  FlatTable(std::span<const uint8_t> bytes, uint64_t at) : bytes_(bytes), at_(at) {}

  template <class T>
  T load(uint64_t at) const {
    require_inside(at, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }
  void require_inside(uint64_t at, uint64_t bytes) const;
  uint64_t place(int field) const;  ///< 0: none
  uint64_t follow(uint64_t at) const { return at + load<uint32_t>(at); }

  std::span<const uint8_t> bytes_;
  uint64_t at_;
};

}  // namespace echelon::table
