#include "prepare/tokenizer/task.h"

#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "prepare/text/units.h"
#include "tokenizer/bpe_trainer.h"
#include "work/output_folder.h"

namespace echelon::prepare {
namespace {

/// Each word as its length (uint32), its count (uint64) and its bytes, as this machine stores them: only the
/// ranks of one preparation read it.
std::string pack(const tokenizer::WordCounts& counts) {
  std::string bytes;
  for (const auto& [text, count] : counts.words()) {
    const auto length = static_cast<uint32_t>(text.size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
    bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
    bytes.append(text);
  }
  return bytes;
}

void unpack(std::string_view bytes, tokenizer::BpeTrainer& trainer) {
  uint32_t length = 0;
  uint64_t count = 0;
  while (bytes.size() >= sizeof length + sizeof count) {
    std::memcpy(&length, bytes.data(), sizeof length);
    std::memcpy(&count, bytes.data() + sizeof length, sizeof count);
    bytes.remove_prefix(sizeof length + sizeof count);
    trainer.add_words(bytes.substr(0, length), count);
    bytes.remove_prefix(std::min<size_t>(length, bytes.size()));
  }
}

class TokenizerTask final : public work::Task {
 public:
  TokenizerTask(const TokenizerPreparation& settings, Communicator& comm)
      : settings_(settings), storage_(settings.storage) {
    tokenizer::BpeTrainer check(training());  // what it refuses is known before anything is read
    const std::vector<TextFile> files = look_at_texts(storage_, settings.input, comm);
    inputs_ = input_files(files);
    units_ = cut_into_units(files, unit_bytes(settings.unit_mb));
  }

  std::vector<work::InputFile> inputs() const override { return inputs_; }
  int64_t units() const override { return static_cast<int64_t>(units_.size()); }

  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override {
    tokenizer::BpeTrainer trainer(training());
    int64_t documents = 0;
    const data::DocumentOptions options{.text_key = settings_.text_key,
                                        .skip_damaged = settings_.on_error == data::OnError::kSkip};
    const auto take = [&](const data::Document& document) {
      for (const data::Segment& segment : document) trainer.add(segment.text);
      ++documents;
    };
    const int64_t left_out = read_unit(storage_, units_[static_cast<size_t>(unit)], options, take);
    const auto file = folder.create_intermediate(str_format("{:08}.words", unit));
    file->write(pack(trainer.counts()));
    return {{file->commit()}, {{"documents", documents}, {"left_out", left_out}}};
  }

  work::UnitOutput finish(const std::vector<work::UnitOutput>& units,
                          const work::OutputFolder& folder) const override {
    tokenizer::BpeTrainer trainer(training());
    for (const work::UnitOutput& unit : units) {
      for (const work::StoredFile& file : unit.files)
        unpack(read_file(folder.intermediate(file.name)), trainer);
    }
    const auto words = static_cast<int64_t>(trainer.counts().words().size());
    const tokenizer::TrainedBpe trained = trainer.train();
    const auto file = folder.create("tokenizer.json");
    file->write(trained.to_json());
    return {{file->commit()}, {{"words", words}, {"tokens", static_cast<int64_t>(trained.tokens.size())}}};
  }

 private:
  tokenizer::BpeTraining training() const {
    tokenizer::BpeTraining training{.vocabulary = settings_.vocabulary,
                                    .min_frequency = static_cast<uint64_t>(settings_.min_frequency),
                                    .special_tokens = settings_.special_tokens,
                                    .add_prefix_space = settings_.add_prefix_space};
    if (!settings_.pattern.empty()) training.pattern = settings_.pattern;
    return training;
  }

  TokenizerPreparation settings_;
  mutable storage::Storage storage_;
  std::vector<work::InputFile> inputs_;
  std::vector<std::vector<TextPart>> units_;
};

}  // namespace

std::unique_ptr<work::Task> make_task(const TokenizerPreparation& settings, Communicator& comm) {
  return std::make_unique<TokenizerTask>(settings, comm);
}

}  // namespace echelon::prepare
