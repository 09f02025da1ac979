#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/image/tar_index_file.h"
#include "data/image/tar_reader.h"
#include "storage/file_pool.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

class TarSource : public ImageSource {
 public:
  TarSource(const std::vector<std::string>& paths, const SourceOptions& options)
      : shards_(paths, [storage = options.storage](
                           const std::string& name) { return storage->open_unpacked(name); }),
        field_names_(options.fields) {
    const auto index_part = [&](int64_t shard) { return pack(index(static_cast<uint32_t>(shard), options)); };
    std::string problem;
    for (const std::string& part :
         work::share_work(static_cast<int64_t>(paths.size()), index_part, options.communicator)) {
      const ShardIndex index = unpack(part);
      starts_.push_back(size());
      samples_.insert(samples_.end(), index.samples.begin(), index.samples.end());
      fields_.insert(fields_.end(), index.fields.begin(), index.fields.end());
      left_out_ += index.left_out;
      if (problem.empty()) problem = index.first_problem;
    }
    if (left_out_ > 0) log::info("left out {} damaged samples or shards; the first: {}", left_out_, problem);
    samples_.shrink_to_fit();
    fields_.shrink_to_fit();
  }

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  int64_t left_out() const override { return left_out_; }
  std::vector<int64_t> shard_starts() const override { return starts_; }

  int64_t label(int64_t index) const override { return samples_[index].label; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const TarSample& sample = samples_[index];
    bytes.resize(sample.size);
    shards_.open(sample.shard)->read(sample.offset + sample.header_size, bytes);
  }

  std::string read_field(int64_t index, std::string_view field) const override {
    const auto found = std::ranges::find(field_names_, field);
    if (found == field_names_.end()) return ImageSource::read_field(index, field);
    const auto place = static_cast<size_t>(index) * field_names_.size() + (found - field_names_.begin());
    const TarField& part = fields_[place];
    std::string text(static_cast<size_t>(part.size), '\0');
    shards_.open(samples_[index].shard)
        ->read(part.offset, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return text;
  }

  std::string place(int64_t index) const override {
    const TarSample& sample = samples_[index];
    return str_format("{}, offset {}, key \"{}\"", shards_.path(sample.shard), sample.offset, key(sample));
  }

 private:
  ShardIndex index(uint32_t shard, const SourceOptions& options) const {
    const std::string& path = shards_.path(shard);
    try {
      if (auto beside = find_tar_index(*options.storage, path)) {
        IndexedEntries entries(*std::move(beside), path, [&] { return shards_.open(shard); });
        return index_shard(entries, shard, options);
      }
      const auto file = shards_.open(shard);
      TarReader headers(*file);
      return index_shard(headers, shard, options);
    } catch (const DataError& error) {  // a shard that cannot even be opened
      if (!options.skip_damaged) throw;
      return {.left_out = 1, .first_problem = error.what()};
    }
  }

  std::string key(const TarSample& sample) const {
    try {
      const auto file = shards_.open(sample.shard);
      const std::optional<TarEntry> entry = TarReader(*file, sample.offset).next();
      const auto name = entry ? split_field(entry->name) : std::nullopt;
      return name ? std::string(name->key) : "?";
    } catch (const DataError&) {  // the shard was changed since it was indexed; the message is about
                                  // something else
      return "?";
    }
  }

  storage::FilePool shards_;
  std::vector<std::string> field_names_;
  std::vector<TarSample> samples_;
  std::vector<TarField> fields_;  ///< of each sample one for each name
  std::vector<int64_t> starts_;
  int64_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<ImageSource> open_tar_shards(const std::vector<std::string>& paths,
                                             const SourceOptions& options) {
  return std::make_unique<TarSource>(paths, options);
}

}  // namespace echelon::data
