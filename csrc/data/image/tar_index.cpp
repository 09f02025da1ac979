#include "data/image/tar_index.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <unordered_map>

#include "common/error.h"
#include "common/format.h"
#include "data/image/tar_index_file.h"

namespace echelon::data {
namespace {

constexpr int64_t kMaxLabelField = 1 << 20;
constexpr int64_t kMaxField = 64 << 20;

std::optional<int64_t> whole_number(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> json_number(const std::string& text, const std::string& key) {
  const auto parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return std::nullopt;
  const auto member = parsed.find(key);
  if (member == parsed.end() || !member->is_number_integer()) return std::nullopt;
  const auto value = member->get<int64_t>();
  const bool wrapped = member->is_number_unsigned() && value < 0;  // it has 64 bits, and no sign
  return wrapped ? std::nullopt : std::optional(value);
}

/// Gathers the entries of one shard into samples.
class Indexer {
 public:
  Indexer(TarEntries& entries, uint32_t shard, const SourceOptions& options)
      : entries_(entries), shard_(shard), options_(options), fields_(options.fields.size()) {}

  ShardIndex run() {
    try {
      while (const std::optional<TarEntry> entry = entries_.next()) add(*entry);
      finish_sample(/*shard_is_whole=*/true);
      if (index_.samples.empty() && index_.left_out == 0)
        throw DataError(str_format("{}: the shard holds no samples", entries_.name()));
    } catch (const DataError& error) {
      if (!options_.skip_damaged) throw;
      finish_sample(/*shard_is_whole=*/false);
      leave_out(error.what());
    }
    return std::move(index_);
  }

 private:
  void add(const TarEntry& entry) {
    const std::optional<FieldName> name = split_field(entry.name);
    if (!name) return;
    if (name->key != key_ || !started_) {
      finish_sample(true);
      started_ = true;
      key_ = std::string(name->key);
      offset_ = entry.offset;
      const auto [first, is_new] = offsets_.try_emplace(key_, offset_);
      if (!is_new)
        complain(entry, str_format("the key occurred before in this shard, at offset {}", first->second));
    }
    if (is_image_field(name->field)) {
      if (image_) return complain(entry, "a second image in one sample");
      image_ = entry;
    }
    if (name->field == options_.label_field) {
      if (label_seen_) return complain(entry, str_format("a second .{} in one sample", name->field));
      label_seen_ = true;
      read_label(entry);
    }
    note_field(entry, name->field);
  }

  void note_field(const TarEntry& entry, const std::string& extension) {
    const auto found = std::find(options_.fields.begin(), options_.fields.end(), extension);
    if (found == options_.fields.end()) return;
    std::optional<TarField>& field = fields_[static_cast<size_t>(found - options_.fields.begin())];
    if (field) return complain(entry, str_format("a second .{} in one sample", extension));
    if (entry.size > kMaxField)
      return complain(
          entry, str_format(".{} has {} bytes; at most {} make sense", extension, entry.size, kMaxField));
    field = TarField{entry.data_offset, entry.size};
  }

  void read_label(const TarEntry& entry) {
    const std::string text = entries_.content(entry, kMaxLabelField);
    const bool is_json = options_.label_field == "json";
    const std::optional<int64_t> label = is_json ? json_number(text, options_.label_key) : whole_number(text);
    if (!label) {
      const std::string what = is_json ? str_format("no whole number \"{}\" in its .json", options_.label_key)
                                       : str_format("\"{}\" in its .{} is no whole number",
                                                    text.substr(0, 40), options_.label_field);
      return complain(entry, what);
    }
    if (*label < 0 || *label >= options_.classes) {
      return complain(entry, str_format("label {} lies outside the {} classes of the model (0 to {})", *label,
                                        options_.classes, options_.classes - 1));
    }
    label_ = *label;
  }

  void complain(const TarEntry& entry, const std::string& problem) {
    if (problem_.empty()) problem_ = place(entry.offset) + problem;
  }

  std::string place(int64_t offset) const {
    return str_format("{}, offset {}, key \"{}\": ", entries_.name(), offset, key_);
  }

  void leave_out(const std::string& problem) {
    ++index_.left_out;
    if (index_.first_problem.empty()) index_.first_problem = problem;
  }

  std::string missing_field() const {
    if (!image_) return place(offset_) + "the sample has no .jpg, .jpeg, .png or .webp";
    if (!label_seen_)
      return place(offset_) + str_format("the sample has no .{} with its class", options_.label_field);
    if (image_->size > kMaxEncodedImage)
      return place(image_->offset) + str_format("an image of {} bytes", image_->size);
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (!fields_[i])
        return place(offset_) +
               str_format("the sample has no .{}, of which data.fields speaks", options_.fields[i]);
    }
    return "";
  }

  void finish_sample(bool shard_is_whole) {
    if (!started_) return;
    started_ = false;
    // What a truncated shard cut off belongs to the one problem of that shard.
    if (problem_.empty() && shard_is_whole) problem_ = missing_field();
    const bool has_fields = std::ranges::all_of(fields_, [](const auto& field) { return field.has_value(); });
    const bool has_image = image_ && image_->size <= kMaxEncodedImage;
    if (problem_.empty() && has_image && label_ && has_fields) {
      for (const auto& field : fields_) index_.fields.push_back(*field);
      index_.samples.push_back({image_->offset, static_cast<uint32_t>(image_->data_offset - image_->offset),
                                static_cast<uint32_t>(image_->size), static_cast<int32_t>(*label_), shard_});
    }
    const std::string problem = std::exchange(problem_, "");
    image_.reset();
    label_.reset();
    label_seen_ = false;
    std::ranges::fill(fields_, std::nullopt);
    if (problem.empty()) return;
    if (!options_.skip_damaged) throw DataError(problem);
    leave_out(problem);
  }

  TarEntries& entries_;
  uint32_t shard_;
  const SourceOptions& options_;
  ShardIndex index_;

  bool started_ = false;
  std::string key_;
  int64_t offset_ = 0;
  std::unordered_map<std::string, int64_t> offsets_;  ///< of the samples so far, by key
  std::optional<TarEntry> image_;
  std::optional<int64_t> label_;
  bool label_seen_ = false;
  std::vector<std::optional<TarField>> fields_;  ///< as SourceOptions::fields
  std::string problem_;
};

}  // namespace

std::optional<FieldName> split_field(std::string_view name) {
  const size_t base = name.rfind('/') + 1;  // npos + 1 is 0
  const size_t dot = name.find('.', base);
  if (dot == name.npos || dot == base) return std::nullopt;
  const std::string_view first = name.substr(0, name.find('/'));
  if (first.starts_with("__") && first.ends_with("__")) return std::nullopt;
  FieldName result{name.substr(0, dot), std::string(name.substr(dot + 1))};
  for (char& c : result.field) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

ShardIndex index_shard(TarEntries& entries, uint32_t shard, const SourceOptions& options) {
  return Indexer(entries, shard, options).run();
}

std::string pack(const ShardIndex& index) {
  static_assert(std::is_trivially_copyable_v<TarSample>);
  const int64_t head[3] = {static_cast<int64_t>(index.samples.size()),
                           static_cast<int64_t>(index.fields.size()), index.left_out};
  std::string bytes(reinterpret_cast<const char*>(head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(index.samples.data()), index.samples.size() * sizeof(TarSample));
  bytes.append(reinterpret_cast<const char*>(index.fields.data()), index.fields.size() * sizeof(TarField));
  return bytes + index.first_problem;
}

ShardIndex unpack(std::string_view bytes) {
  int64_t head[3];
  std::memcpy(head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  ShardIndex index;
  index.samples.resize(head[0]);
  index.fields.resize(head[1]);
  index.left_out = head[2];
  const size_t length = index.samples.size() * sizeof(TarSample);
  if (length > 0) std::memcpy(index.samples.data(), bytes.data(), length);
  bytes.remove_prefix(length);
  const size_t field_length = index.fields.size() * sizeof(TarField);
  if (field_length > 0) std::memcpy(index.fields.data(), bytes.data(), field_length);
  index.first_problem = std::string(bytes.substr(field_length));
  return index;
}

}  // namespace echelon::data
