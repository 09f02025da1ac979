#include "prepare/text/task.h"

#include "common/format.h"
#include "data/text/document_encoder.h"
#include "prepare/text/units.h"
#include "work/output_folder.h"

namespace echelon::prepare {
namespace {

class TextTask final : public work::Task {
 public:
  TextTask(const TextPreparation& settings, Communicator& comm)
      : settings_(settings),
        storage_(settings.storage),
        encoder_({settings.tokenizer ? settings.tokenizer->path : "", settings.end_of_document,
                  settings.special_tokens}) {
    const std::vector<TextFile> files = look_at_texts(storage_, settings.input, comm);
    inputs_ = input_files(files);
    units_ = cut_into_units(files, unit_bytes(settings.unit_mb));
    if (!settings.tokenizer) return;
    const auto tokenizer = storage_.open(settings.tokenizer->path);
    inputs_.push_back({tokenizer->name(), tokenizer->size(), tokenizer->version()});
  }

  std::vector<work::InputFile> inputs() const override { return inputs_; }
  int64_t units() const override { return static_cast<int64_t>(units_.size()); }

  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override {
    work::UnitOutput output{.files = {}, .counts = {{"documents", 0}, {"tokens", 0}, {"left_out", 0}}};
    data::TokenShardBuilder shard;
    int64_t documents = 0;  // of the shard
    const auto flush = [&] {
      if (shard.tokens() == 0) {
        output.counts["documents"] += documents;  // without any token
        return;
      }
      const work::Counts counts{{"documents", documents}, {"tokens", shard.tokens()}};
      work::add_counts(output.counts, counts);
      output.files.push_back(write(shard, unit, output.files.size(), folder));
      output.files.back().counts = counts;
      shard = {};
      documents = 0;
    };
    const data::DocumentOptions options{settings_.text_key, settings_.instruction,
                                        settings_.on_error == data::OnError::kSkip};
    const auto take = [&](const data::Document& document) {
      encoder_.add(document, shard);
      ++documents;
      if (shard.tokens() >= settings_.shard_tokens) flush();
    };
    output.counts["left_out"] = read_unit(storage_, units_[static_cast<size_t>(unit)], options, take);
    flush();
    return output;
  }

 private:
  work::StoredFile write(const data::TokenShardBuilder& shard, int64_t unit, size_t part,
                         const work::OutputFolder& folder) const {
    const std::string name = str_format("{}-{:05}-{:03}.tokens", settings_.name, unit, part);
    const auto file = folder.create(name);
    file->write(shard.bytes(encoder_.vocabulary(), name));
    return file->commit();
  }

  TextPreparation settings_;
  mutable storage::Storage storage_;
  data::DocumentEncoder encoder_;
  std::vector<work::InputFile> inputs_;
  std::vector<std::vector<TextPart>> units_;
};

}  // namespace

std::unique_ptr<work::Task> make_task(const TextPreparation& settings, Communicator& comm) {
  return std::make_unique<TextTask>(settings, comm);
}

}  // namespace echelon::prepare
