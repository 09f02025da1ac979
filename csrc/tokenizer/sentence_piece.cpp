#include <sentencepiece_processor.h>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/files.h"

namespace echelon::tokenizer {
namespace {

void require(const sentencepiece::util::Status& status) {
  if (!status.ok()) throw DataError(str_format("sentencepiece: {}", status.ToString()));
}

/// The fields of a message in protobuf's encoding that hold bytes. DataError where it is damaged.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  /// The bytes of the next field of that number, if there is one.
  std::optional<std::string_view> next(uint64_t number) {
    while (!rest_.empty()) {
      const uint64_t tag = read_number(), kind = tag & 7;
      if (kind == 0) {
        read_number();
        continue;
      }
      const std::string_view value = take(kind == 1   ? 8
                                          : kind == 5 ? 4
                                          : kind == 2 ? read_number()
                                                      : rest_.size() + 1);
      if (kind == 2 && tag >> 3 == number) return value;
    }
    return std::nullopt;
  }

 private:
  uint64_t read_number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<uint8_t>(take(1)[0]);
      number |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) break;
    }
    return number;
  }
  std::string_view take(uint64_t count) {
    if (count > rest_.size()) throw DataError("sentencepiece: the model ends within a field");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

/// The library follows the tries of both normalizers wherever they lead.
void check_charsmaps(std::string_view model) {
  constexpr uint64_t kNormalizerSpec = 3, kDenormalizerSpec = 5, kPrecompiledCharsmap = 2;
  for (const uint64_t number : {kNormalizerSpec, kDenormalizerSpec}) {
    Fields specs(model);
    while (const auto spec = specs.next(number)) {
      Fields fields(*spec);
      while (const auto charsmap = fields.next(kPrecompiledCharsmap)) {
        if (!charsmap->empty()) Charsmap(*charsmap).check();
      }
    }
  }
}

class SentencePiece : public Tokenizer {
 public:
  explicit SentencePiece(std::string_view bytes) {
    check_charsmaps(bytes);
    try {
      require(processor_.LoadFromSerializedProto({bytes.data(), bytes.size()}));
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // of the trie that it builds
      throw DataError(str_format("sentencepiece: {}", error.what()));
    }
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
