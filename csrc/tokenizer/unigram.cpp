#include "tokenizer/unigram.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "tokenizer/trie.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

constexpr double kUnknownPenalty = 10;
constexpr size_t kNowhere = ~size_t{0};
constexpr size_t kKeptNodes = 1 << 16;

class Unigram : public Model {
 public:
  Unigram(Vocabulary vocabulary, const UnigramSettings& settings)
      : vocabulary_(std::move(vocabulary)), settings_(settings) {
    double lowest = std::numeric_limits<double>::infinity();
    for (const Vocabulary::Token& token : vocabulary_.tokens()) {
      tokens_.add(token.text, token.id);
      lowest = std::min(lowest, settings_.scores[token.id]);
    }
    unknown_score_ = lowest - kUnknownPenalty;
    for (int byte = 0; byte < 256; ++byte) bytes_[byte] = vocabulary_.find(str_format("<0x{:02X}>", byte));
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }

  void encode(std::string_view word, ModelWorkspace& workspace, Ids& ids) const override {
    auto& ends = workspace.lattice;
    ends.assign(word.size() + 1, {0, kNowhere, 0});
    for (size_t start = 0; start < word.size(); start += character_length(word[start]))
      extend(word, start, ends);
    const size_t first = ids.size();
    for (size_t end = word.size(); end > 0;) {
      size_t start = ends[end].start;
      const uint32_t id = ends[end].id;
      // What is unknown becomes one with its neighbours.
      while (is_unknown(id) && start > 0 && is_unknown(ends[start].id)) start = ends[start].start;
      append_backwards(word.substr(start, end - start), id, ids);
      end = start;
    }
    std::reverse(ids.begin() + static_cast<int64_t>(first), ids.end());
    if (ends.size() > kKeptNodes) std::vector<ModelWorkspace::Node>().swap(ends);
  }

 private:
  bool is_unknown(uint32_t id) const { return settings_.unknown && *settings_.unknown == id; }

  void extend(std::string_view word, size_t start, std::vector<ModelWorkspace::Node>& ends) const {
    const double so_far = ends[start].score;
    const size_t one = character_length(word[start]);
    bool single = false;
    const auto offer = [&](size_t end, double score, uint32_t id) {
      if (ends[end].start == kNowhere || score > ends[end].score) ends[end] = {score, start, id};
    };
    uint32_t node = Trie::kRoot;
    for (size_t end = start; end < word.size();) {
      node = tokens_.child(node, word[end++]);
      if (node == Trie::kNone) break;
      const uint32_t id = tokens_.value(node);
      if (id == Trie::kNone) continue;
      offer(end, settings_.scores[id] + so_far, id);
      single = single || end - start == one;
    }
    if (single) return;
    if (!settings_.unknown) {
      throw DataError(
          str_format("\"{}\" is in no token, and model.unk_id is not set", word.substr(start, one)));
    }
    offer(start + one, unknown_score_ + so_far, *settings_.unknown);
  }

  void append_backwards(std::string_view part, uint32_t id, Ids& ids) const {
    if (!is_unknown(id)) return ids.push_back(id);
    // Unknown ones that are joined may make up a token.
    if (const auto whole = vocabulary_.find(part)) return ids.push_back(*whole);
    const auto known = [&](char byte) { return bytes_[static_cast<uint8_t>(byte)].has_value(); };
    if (!settings_.byte_fallback || !std::all_of(part.begin(), part.end(), known)) return ids.push_back(id);
    for (size_t i = part.size(); i-- > 0;) ids.push_back(*bytes_[static_cast<uint8_t>(part[i])]);
  }

  Vocabulary vocabulary_;
  UnigramSettings settings_;
  Trie tokens_;
  double unknown_score_ = 0;
  std::array<std::optional<uint32_t>, 256> bytes_;
};

}  // namespace

std::unique_ptr<Model> make_unigram(Vocabulary vocabulary, const UnigramSettings& settings) {
  return std::make_unique<Unigram>(std::move(vocabulary), settings);
}

}  // namespace echelon::tokenizer
