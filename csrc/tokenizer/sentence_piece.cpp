#include <sentencepiece_processor.h>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/files.h"

namespace echelon::tokenizer {
namespace {

void require(const sentencepiece::util::Status& status) {
  if (!status.ok()) throw DataError(str_format("sentencepiece: {}", status.ToString()));
}

class SentencePiece : public Tokenizer {
 public:
  explicit SentencePiece(std::string_view bytes) {
    require(processor_.LoadFromSerializedProto({bytes.data(), bytes.size()}));
  }

  int64_t vocabulary() const override { return processor_.GetPieceSize(); }

  std::vector<uint32_t> encode(std::string_view text, bool add_special_tokens) const override {
    std::vector<int> ids;
    require(processor_.Encode({text.data(), text.size()}, &ids));
    std::vector<uint32_t> all;
    all.reserve(ids.size() + 1);
    if (add_special_tokens && processor_.bos_id() >= 0)
      all.push_back(static_cast<uint32_t>(processor_.bos_id()));
    all.insert(all.end(), ids.begin(), ids.end());
    return all;
  }

  std::string decode(std::span<const uint32_t> ids, bool) const override {
    std::vector<int> known;
    for (const uint32_t id : ids) {
      if (id < vocabulary()) known.push_back(static_cast<int>(id));
    }
    std::string text;
    require(processor_.Decode(known, &text));
    return text;
  }

  std::optional<uint32_t> token_to_id(std::string_view token) const override {
    const int id = processor_.PieceToId({token.data(), token.size()});
    if (processor_.IdToPiece(id) != token) return std::nullopt;  // it gives the unknown token's
    return static_cast<uint32_t>(id);
  }
  std::optional<std::string> id_to_token(uint32_t id) const override {
    if (id >= vocabulary()) return std::nullopt;
    return processor_.IdToPiece(static_cast<int>(id));
  }
  std::vector<uint32_t> special_ids() const override {
    std::vector<uint32_t> ids;
    for (int id = 0; id < processor_.GetPieceSize(); ++id) {
      if (processor_.IsControl(id) || processor_.IsUnknown(id)) ids.push_back(static_cast<uint32_t>(id));
    }
    return ids;
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

bool is_sentence_piece(std::string_view bytes) {
  return bytes.starts_with('\n');  // the tag of ModelProto.pieces
}

std::unique_ptr<Tokenizer> read_sentence_piece(std::string_view bytes) {
  return std::make_unique<SentencePiece>(bytes);
}

}  // namespace echelon::tokenizer
