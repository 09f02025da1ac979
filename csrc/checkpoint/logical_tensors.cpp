#include "checkpoint/logical_tensors.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <charconv>
#include <optional>

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {
namespace {

struct Range {
  std::string tensor;
  int64_t begin;
  int64_t end;
};

/// The inverse of piece_name(); nothing where the name is that of a whole tensor.
std::optional<Range> parse_piece(const std::string& name) {
  const size_t open = name.rfind('['), colon = name.rfind(':');
  if (open == std::string::npos || colon == std::string::npos || colon < open || name.back() != ']')
    return std::nullopt;
  Range range{name.substr(0, open), 0, 0};
  const auto number = [&](size_t from, size_t to, int64_t& value) {
    const auto [stopped, error] = std::from_chars(name.data() + from, name.data() + to, value);
    return error == std::errc() && stopped == name.data() + to;
  };
  if (!number(open + 1, colon, range.begin) || !number(colon + 1, name.size() - 1, range.end))
    return std::nullopt;
  if (range.begin < 0) return std::nullopt;
  return range;
}

int64_t count_elements(const TensorEntry& entry) {
  return static_cast<int64_t>((entry.end - entry.begin) / c10::elementSize(entry.dtype));
}

}  // namespace

std::string piece_name(const std::string& tensor, int64_t begin, int64_t end) {
  return str_format("{}[{}:{}]", tensor, begin, end);
}

LogicalTensors::LogicalTensors(std::vector<SafetensorsFile> files) : files_(std::move(files)) {
  for (size_t file = 0; file < files_.size(); ++file) {
    for (const TensorEntry& entry : files_[file].tensors()) {
      const std::optional<Range> range = parse_piece(entry.name);
      const std::string name = range ? range->tensor : entry.name;
      const int64_t begin = range ? range->begin : 0;
      const int64_t end = range ? range->end : count_elements(entry);
      const bool added = pieces_[name].try_emplace(begin, file, entry.name, end, !range).second;
      if (added && end - begin == count_elements(entry)) continue;
      throw CheckpointError(str_format("{}: '{}' {}", files_[file].path().string(), entry.name,
                                       added ? "has another length than its name says" : "is stored twice"));
    }
  }
  for (const auto& [name, pieces] : pieces_) refuse_overlaps(pieces);
}

void LogicalTensors::refuse_overlaps(const std::map<int64_t, Piece>& pieces) const {
  const Piece* before = nullptr;
  for (const auto& [begin, piece] : pieces) {
    if (before != nullptr && before->end > begin) {
      throw CheckpointError(str_format("{}: '{}' holds elements that '{}' in {} holds too",
                                       files_[piece.file].path().string(), piece.entry, before->entry,
                                       files_[before->file].path().string()));
    }
    before = &piece;
  }
}

std::vector<std::string> LogicalTensors::names() const {
  std::vector<std::string> names;
  for (const auto& [name, pieces] : pieces_) names.push_back(name);
  return names;
}

std::string LogicalTensors::path() const {
  if (files_.size() == 1) return files_.front().path().string();
  return files_.front().path().parent_path().string();
}

const std::map<int64_t, LogicalTensors::Piece>& LogicalTensors::pieces_of(const std::string& name) const {
  const auto found = pieces_.find(name);
  if (found != pieces_.end()) return found->second;
  const std::string nearest = nearest_name(name, names());
  throw CheckpointError(
      str_format("{} has no tensor '{}'{}", path(), name,
                 nearest.empty() ? "" : str_format("; the nearest name in it is '{}'", nearest)));
}

void LogicalTensors::check(const std::string& name, const Piece& piece, at::IntArrayRef shape,
                           at::ScalarType type) const {
  const TensorEntry& entry = files_[piece.file].entry(piece.entry);
  if (entry.dtype == type && (!piece.whole || shape == at::IntArrayRef(entry.shape))) return;
  throw CheckpointError(str_format("tensor '{}' in {} is {} of shape {}, but {} of shape {} is needed", name,
                                   files_[piece.file].path().string(), dtype_name(entry.dtype),
                                   format_shape(entry.shape), c10::toString(type), format_shape(shape)));
}

void LogicalTensors::copy(const std::string& name, at::IntArrayRef shape, int64_t begin,
                          at::Tensor destination) const {
  const c10::NoGradGuard no_grad;
  const at::Tensor flat = destination.detach().view({-1});
  const auto& pieces = pieces_of(name);
  const int64_t stored = pieces.rbegin()->second.end;
  if (!pieces.begin()->second.whole && stored > c10::multiply_integers(shape)) {
    throw CheckpointError(
        str_format("tensor '{}' in {} has {} elements or more, but one of shape {} is needed", name, path(),
                   stored, format_shape(shape)));
  }
  const int64_t end = begin + flat.numel();
  int64_t position = begin;
  auto next = pieces.upper_bound(begin);
  if (next != pieces.begin()) --next;
  for (; next != pieces.end() && next->first <= position && (position < end || flat.numel() == 0); ++next) {
    const auto& [first, piece] = *next;
    check(name, piece, shape, flat.scalar_type());
    const int64_t stop = std::min(end, piece.end);
    if (stop <= position) continue;
    const at::Tensor source = files_[piece.file].view(piece.entry).view({-1});
    flat.narrow(0, position - begin, stop - position)
        .copy_(source.narrow(0, position - first, stop - position));
    position = stop;
  }
  if (position >= end) return;
  throw CheckpointError(
      str_format("{}: elements {} to {} of tensor '{}' are missing", path(), position, end, name));
}

void LogicalTensors::copy(const std::string& name, at::Tensor destination) const {
  copy(name, destination.sizes(), 0, destination);
}

}  // namespace echelon::checkpoint
