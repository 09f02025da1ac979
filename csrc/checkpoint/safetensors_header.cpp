#include "checkpoint/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kLargestHeader = 100'000'000;
constexpr uint64_t kAlignment = 8;
constexpr size_t kMostDimensions = 64;
constexpr int kDeepestNesting = 3;
constexpr std::string_view kMetadataKey = "__metadata__";

constexpr std::array<std::pair<std::string_view, at::ScalarType>, 10> kTypes{{{"F64", at::kDouble},
                                                                              {"F32", at::kFloat},
                                                                              {"F16", at::kHalf},
                                                                              {"BF16", at::kBFloat16},
                                                                              {"I64", at::kLong},
                                                                              {"I32", at::kInt},
                                                                              {"I16", at::kShort},
                                                                              {"I8", at::kChar},
                                                                              {"U8", at::kByte},
                                                                              {"BOOL", at::kBool}}};

/// Throws for one file; every message starts with its path.
struct Refuse {
  std::string_view path;

  template <class... Args>
  [[noreturn]] void operator()(fmt::format_string<Args...> pattern, Args&&... args) const {
    throw CheckpointError(
        str_format("{} cannot be read: {}", path, str_format(pattern, std::forward<Args>(args)...)));
  }
};

uint64_t header_length(std::span<const std::byte> file, const Refuse& refuse) {
  if (file.size() < kLengthBytes) {
    refuse("it holds {} bytes, fewer than the 8 of its header's length; it is truncated", file.size());
  }
  uint64_t length = 0;  // little-endian, as every machine that LibTorch runs on
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > kLargestHeader) {
    refuse("its first 8 bytes announce a header of {} bytes; the format allows {}", length, kLargestHeader);
  }
  if (length > file.size() - kLengthBytes) {
    refuse("its header should end at byte {}, but the file ends at byte {}; it is truncated",
           kLengthBytes + length, file.size());
  }
  return length;
}

/// JSON that refuses what a lenient parser hides: duplicate names, deep nesting.
json parse_json(std::string_view text, const Refuse& refuse) {
  std::vector<std::set<std::string>> names;
  const auto inspect = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepestNesting) refuse("its header is nested more than {} deep", kDeepestNesting);
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second) {
      refuse("its header names '{}' twice", value.get<std::string>());
    }
    return true;
  };
  try {
    return json::parse(text, inspect);
  } catch (const json::parse_error& error) {
    refuse("its header is not JSON at byte {} ({})", kLengthBytes + error.byte, error.what());
  }
}

at::ScalarType parse_dtype(const std::string& name, const json& value, const Refuse& refuse) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return value == type.first; });
  if (found == kTypes.end()) refuse("tensor '{}' has the unknown type {}", name, value.dump());
  return found->second;
}

std::vector<int64_t> parse_shape(const std::string& name, const json& value, const Refuse& refuse) {
  if (!value.is_array()) refuse("the shape of tensor '{}' is not a list", name);
  if (value.size() > kMostDimensions) refuse("tensor '{}' has {} dimensions", name, value.size());
  std::vector<int64_t> shape;
  for (const json& size : value) {
    constexpr auto kLargest = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    if (!size.is_number_unsigned() || size.get<uint64_t>() > kLargest) {
      refuse("the shape of tensor '{}' holds {}, which is not a size", name, size.dump());
    }
    shape.push_back(size.get<int64_t>());
  }
  return shape;
}

uint64_t byte_count(const TensorEntry& entry, const Refuse& refuse) {
  int64_t extent = static_cast<int64_t>(c10::elementSize(entry.dtype));
  bool empty = false;
  for (const int64_t size : entry.shape) {
    empty |= size == 0;
    // A size of 0 counts as 1 here: strides are computed from the other sizes, and must not overflow either.
    if (__builtin_mul_overflow(extent, std::max<int64_t>(size, 1), &extent)) {
      refuse("the shape {} of tensor '{}' is too large", format_shape(entry.shape), entry.name);
    }
  }
  return empty ? 0 : static_cast<uint64_t>(extent);
}

TensorEntry parse_entry(const std::string& name, const json& value, uint64_t data_bytes,
                        const Refuse& refuse) {
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    refuse("tensor '{}' needs exactly dtype, shape and data_offsets", name);
  }
  TensorEntry entry{name, parse_dtype(name, value["dtype"], refuse),
                    parse_shape(name, value["shape"], refuse)};
  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    refuse("the data_offsets of tensor '{}' are not two byte positions", name);
  }
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  const uint64_t bytes = byte_count(entry, refuse);
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    refuse("tensor '{}' of shape {} and type {} takes {} bytes, but its data_offsets are {} and {}", name,
           format_shape(entry.shape), dtype_name(entry.dtype), bytes, entry.begin, entry.end);
  }
  if (entry.end > data_bytes) {
    refuse("tensor '{}' ends at byte {} of the data, which ends at byte {}; the file is truncated", name,
           entry.end, data_bytes);
  }
  return entry;
}

std::map<std::string, std::string> parse_metadata(const json& value, const Refuse& refuse) {
  if (!value.is_object()) refuse("{} is not a map from text to text", kMetadataKey);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) refuse("{} holds '{}', which is not text", kMetadataKey, key);
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

void check_coverage(const SafetensorsHeader& header, uint64_t data_bytes, const Refuse& refuse) {
  uint64_t position = 0;
  for (const TensorEntry& entry : header.tensors) {
    if (entry.begin < position)
      refuse("tensor '{}' overlaps the one before it at byte {}", entry.name, entry.begin);
    if (entry.begin > position)
      refuse("a hole of {} bytes lies before tensor '{}'", entry.begin - position, entry.name);
    position = entry.end;
  }
  if (position != data_bytes) {
    refuse("{} bytes from byte {} on belong to no tensor", data_bytes - position,
           header.data_start + position);
  }
}

}  // namespace

std::string_view dtype_name(at::ScalarType dtype) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& type) { return type.second == dtype; });
  if (found == kTypes.end())
    throw CheckpointError(str_format("safetensors has no type {}", c10::toString(dtype)));
  return found->first;
}

SafetensorsHeader parse_header(std::span<const std::byte> file, std::string_view path) {
  const Refuse refuse{path};
  const uint64_t length = header_length(file, refuse);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (text.empty() || text.front() != '{')
    refuse("its header, at byte {}, does not start with '{{'", kLengthBytes);
  const json root = parse_json(text, refuse);

  SafetensorsHeader header;
  header.data_start = kLengthBytes + length;
  const uint64_t data_bytes = file.size() - header.data_start;
  for (const auto& [name, value] : root.items()) {
    if (name == kMetadataKey) {
      header.metadata = parse_metadata(value, refuse);
    } else {
      header.tensors.push_back(parse_entry(name, value, data_bytes, refuse));
    }
  }
  const auto position = [](const TensorEntry& entry) { return std::tie(entry.begin, entry.end, entry.name); };
  std::sort(header.tensors.begin(), header.tensors.end(),
            [&](const TensorEntry& a, const TensorEntry& b) { return position(a) < position(b); });
  check_coverage(header, data_bytes, refuse);
  return header;
}

std::string render_header(std::span<const TensorEntry> tensors,
                          const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  if (!metadata.empty()) root[std::string(kMetadataKey)] = metadata;
  for (const TensorEntry& entry : tensors) {
    root[entry.name] = {{"dtype", dtype_name(entry.dtype)},
                        {"shape", entry.shape},
                        {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = root.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  if (text.size() > kLargestHeader) {
    throw CheckpointError(
        str_format("a header of {} is too large for safetensors", human_bytes(text.size())));
  }
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), kLengthBytes) + text;
}

}  // namespace echelon::checkpoint
