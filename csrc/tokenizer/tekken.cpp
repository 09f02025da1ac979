#include <algorithm>
#include <array>

#include "common/base64.h"
#include "common/error.h"
#include "common/format.h"
#include "tokenizer/bpe.h"
#include "tokenizer/files.h"
#include "tokenizer/pipeline.h"

namespace echelon::tokenizer {
namespace {

/// Of files that list none (up to version v7 of mistral-common).
constexpr std::array kSpecialTokens = {"<unk>",
                                       "<s>",
                                       "</s>",
                                       "[INST]",
                                       "[/INST]",
                                       "[AVAILABLE_TOOLS]",
                                       "[/AVAILABLE_TOOLS]",
                                       "[TOOL_RESULTS]",
                                       "[/TOOL_RESULTS]",
                                       "[TOOL_CALLS]",
                                       "[IMG]",
                                       "<pad>",
                                       "[IMG_BREAK]",
                                       "[IMG_END]",
                                       "[PREFIX]",
                                       "[MIDDLE]",
                                       "[SUFFIX]",
                                       "[SYSTEM_PROMPT]",
                                       "[/SYSTEM_PROMPT]",
                                       "[TOOL_CONTENT]"};
constexpr uint64_t kMostTokens = 1 << 24, kMostSpecialTokens = 1 << 16;

std::vector<std::string> special_names(const JsonNode& file) {
  const JsonNode node = file["special_tokens"];
  if (node.is_null()) {
    const JsonNode version = file["config"]["version"];
    const std::string name = version.text();
    if (name != "v1" && name != "v2" && name != "v3" && name != "v7")
      version.refuse("a version whose files must list their special_tokens");
    return {kSpecialTokens.begin(), kSpecialTokens.end()};
  }
  std::vector<std::string> names;
  for (const JsonNode& token : node.elements()) {
    if (token["rank"].number() != names.size()) token.refuse("not in the order of its rank");
    names.push_back(token["token_str"].text());
  }
  return names;
}

Vocabulary read_vocabulary(const JsonNode& node, uint64_t count, uint64_t first_id) {
  if (!node.value().is_array()) node.refuse("no JSON array");
  if (node.value().size() < count)
    throw DataError(str_format("vocab: {} tokens, of which config wants {}", node.value().size(), count));
  Vocabulary vocabulary;
  for (uint64_t rank = 0; rank < count; ++rank) {
    const JsonNode token(node.value()[rank], str_format("vocab[{}]", rank));
    const auto bytes = decode_base64(token["token_bytes"].text());
    if (!bytes || bytes->empty()) token.refuse("no token in base64");
    if (token["rank"].number() != rank) token.refuse("not in the order of its rank");
    if (!vocabulary.add(*bytes, static_cast<uint32_t>(first_id + rank))) token.refuse("there twice");
  }
  return vocabulary;
}

}  // namespace

bool is_tekken(const Json& file) {
  return file.is_object() && file.contains("config") && file.contains("vocab");
}

std::unique_ptr<Tokenizer> read_tekken(const Json& root) {
  const JsonNode file(root, "the file");
  const JsonNode config = file["config"];
  const uint64_t size = config["default_vocab_size"].number();
  const uint64_t specials = config["default_num_special_tokens"].number();
  if (size > kMostTokens || specials > std::min(size, kMostSpecialTokens)) config.refuse("a contradiction");

  Parts parts;
  std::vector<std::string> names = special_names(file);
  if (names.size() > specials) file["special_tokens"].refuse("more than default_num_special_tokens");
  while (names.size() < specials) names.push_back(str_format("<SPECIAL_{}>", names.size()));
  for (uint32_t id = 0; id < names.size(); ++id) {
    parts.added.push_back(
        {.content = names[id], .id = id, .normalised = false, .special = true, .in_text = false});
    if (names[id] == "<s>") parts.templates = {{{.ids = {id}}, {.text = true}}};
  }
  parts.model = make_rank_bpe(read_vocabulary(file["vocab"], size - specials, specials));
  parts.pre_tokenizers.push_back(
      split_at_pattern(make_pattern(config["pattern"].text()), SplitBehavior::kIsolated, false));
  parts.decoders.push_back(decode_bytes());
  return make_pipeline(std::move(parts));
}

}  // namespace echelon::tokenizer
