#include "tokenizer/pipeline.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/utf8.h"
#include "tokenizer/word_cache.h"

namespace echelon::tokenizer {
namespace {

/// What one thread encodes with.
struct Workspace {
  WordCache cache;
  ModelWorkspace model;
};

/// Lends workspaces, so that their caches outlive a call.
class WorkspacePool {
 public:
  using Lent = std::unique_ptr<Workspace>;
  Lent borrow() {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<Workspace>();
    Lent lent = std::move(idle_.back());
    idle_.pop_back();
    return lent;
  }
  void give_back(Lent workspace) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(workspace));
  }

 private:
  std::mutex mutex_;
  std::vector<Lent> idle_;
};

class Pipeline : public Tokenizer {
 public:
  explicit Pipeline(Parts parts) : parts_(std::move(parts)), limit_(parts_.model->vocabulary().limit()) {
    for (const AddedToken& token : parts_.added) {
      std::string pattern = token.content;
      if (token.normalised) {
        std::string storage;
        pattern = normalise_by_all(parts_.normalizers, pattern, storage);
      }
      if (token.special) special_.insert(token.content);
      shown_[token.id] = pattern;
      ids_[token.content] = token.id;
      if (token.in_text && !pattern.empty()) (token.normalised ? normalised_ : plain_).add(pattern, token);
      limit_ = std::max<int64_t>(limit_, int64_t{token.id} + 1);
    }
  }

  int64_t vocabulary() const override { return limit_; }

  Ids encode(std::string_view text, bool add_special_tokens) const override {
    if (const size_t invalid = first_invalid_utf8(text); invalid != text.size())
      throw DataError(str_format("byte {} is no valid UTF-8", invalid));
    if (text.size() > std::numeric_limits<uint32_t>::max() / 4)
      throw DataError(str_format("a text of {} bytes is too long to encode at once; cut it", text.size()));
    Ids ids;
    ids.reserve(text.size() / 3);
    auto workspace = pool_.borrow();
    encode_text(text, *workspace, ids);
    pool_.give_back(std::move(workspace));
    for (const Template& frame : parts_.templates) ids = framed(frame, std::move(ids), add_special_tokens);
    return ids;
  }

  std::string decode(std::span<const uint32_t> ids, bool skip_special_tokens) const override {
    Tokens tokens;
    for (const uint32_t id : ids) {
      auto token = shown(id);
      if (token && !(skip_special_tokens && special_.contains(*token))) tokens.push_back(std::move(*token));
    }
    if (!parts_.has_decoder) return join(tokens, " ");
    for (const auto& decoder : parts_.decoders) tokens = decoder->decode(std::move(tokens));
    return join(tokens, "");
  }

  std::optional<uint32_t> token_to_id(std::string_view token) const override {
    const auto added = ids_.find(std::string(token));
    return added != ids_.end() ? added->second : parts_.model->vocabulary().find(token);
  }
  std::optional<std::string> id_to_token(uint32_t id) const override { return shown(id); }

  Ids special_ids() const override {
    Ids ids;
    for (const AddedToken& token : parts_.added) {
      if (token.special) ids.push_back(token.id);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

 private:
  std::optional<std::string> shown(uint32_t id) const {
    if (const auto added = shown_.find(id); added != shown_.end()) return added->second;
    const auto token = parts_.model->vocabulary().token(id);
    return token ? std::optional<std::string>(*token) : std::nullopt;
  }

  void encode_text(std::string_view text, Workspace& workspace, Ids& ids) const {
    const auto encode_section = [&](std::string_view section) {
      encode_plain(section, section.data() == text.data(), workspace, ids);
    };
    if (plain_.empty()) return text.empty() ? void() : encode_section(text);
    plain_.split(
        text, [&](uint32_t id) { ids.push_back(id); }, encode_section);
  }

  void encode_plain(std::string_view section, bool first, Workspace& workspace, Ids& ids) const {
    std::string storage;
    const std::string_view normalised = normalise_by_all(parts_.normalizers, section, storage);
    if (normalised.empty()) return;
    const auto encode_rest = [&](std::string_view rest) {
      split_by_all(parts_.pre_tokenizers, {rest, first && rest.data() == normalised.data()},
                   [&](Piece word) { encode_word(word.text, workspace, ids); });
    };
    if (normalised_.empty()) return encode_rest(normalised);
    normalised_.split(
        normalised, [&](uint32_t id) { ids.push_back(id); }, encode_rest);
  }

  void encode_word(std::string_view word, Workspace& workspace, Ids& ids) const {
    workspace.cache.append(word, ids, [&](Ids& to) { parts_.model->encode(word, workspace.model, to); });
  }

  static Ids framed(const Template& frame, Ids text, bool add_special_tokens) {
    const auto is_text = [](const TemplatePiece& piece) { return piece.text; };
    if (!add_special_tokens && std::count_if(frame.begin(), frame.end(), is_text) == 1) return text;
    Ids ids;
    for (const TemplatePiece& piece : frame) {
      if (!piece.text && !add_special_tokens) continue;
      const Ids& next = piece.text ? text : piece.ids;
      ids.insert(ids.end(), next.begin(), next.end());
    }
    return ids;
  }

  Parts parts_;
  int64_t limit_;
  AddedTokens plain_, normalised_;
  std::unordered_set<std::string> special_;          ///< by content
  std::unordered_map<uint32_t, std::string> shown_;  ///< of added tokens, normalised where they are to be
  std::unordered_map<std::string, uint32_t> ids_;    ///< of added tokens, by content
  mutable WorkspacePool pool_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_pipeline(Parts parts) {
  return std::make_unique<Pipeline>(std::move(parts));
}

}  // namespace echelon::tokenizer
