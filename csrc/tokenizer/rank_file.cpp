#include <charconv>
#include <utility>

#include "common/base64.h"
#include "common/error.h"
#include "common/format.h"
#include "tokenizer/bpe.h"
#include "tokenizer/files.h"
#include "tokenizer/pipeline.h"

namespace echelon::tokenizer {
namespace {

/// What tiktoken's openai_public.py says of each.
struct Encoding {
  size_t ranks;
  std::string_view name, pattern;
  std::vector<std::pair<std::string, uint32_t>> special;
};

const std::vector<Encoding>& known_encodings() {
  constexpr std::string_view kR50k =
      R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)";
  constexpr std::string_view kCl100k =
      R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)";
  constexpr std::string_view kO200k =
      R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
      R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  static const std::vector<Encoding> encodings = {
      {50256, "r50k_base", kR50k, {{"<|endoftext|>", 50256}}},
      {50280, "p50k_base", kR50k, {{"<|endoftext|>", 50256}}},
      {100256,
       "cl100k_base",
       kCl100k,
       {{"<|endoftext|>", 100257},
        {"<|fim_prefix|>", 100258},
        {"<|fim_middle|>", 100259},
        {"<|fim_suffix|>", 100260},
        {"<|endofprompt|>", 100276}}},
      {199998, "o200k_base", kO200k, {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}}};
  return encodings;
}

struct RankLine {
  std::string token;
  uint32_t rank;
};

std::optional<RankLine> parse_line(std::string_view line) {
  const size_t blank = line.find(' ');
  if (blank == line.npos) return std::nullopt;
  auto token = decode_base64(line.substr(0, blank));
  uint32_t rank = 0;
  const char* end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + blank + 1, end, rank);
  if (!token || token->empty() || error != std::errc() || stop != end || rank > 0x7fffffff)
    return std::nullopt;
  return RankLine{std::move(*token), rank};
}

std::string_view first_line(std::string_view bytes) {
  return bytes.substr(0, bytes.find('\n'));
}

}  // namespace

bool is_rank_file(std::string_view bytes) {
  return bytes.size() < (size_t{1} << 32) && first_line(bytes).size() < 4096 && parse_line(first_line(bytes));
}

std::unique_ptr<Tokenizer> read_rank_file(std::string_view bytes) {
  Vocabulary vocabulary;
  for (size_t number = 1; !bytes.empty(); ++number) {
    const std::string_view line = first_line(bytes);
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    if (line.empty()) continue;
    const auto parsed = parse_line(line);
    if (!parsed) throw DataError(str_format("line {} is no token in base64, a blank and a rank", number));
    if (!vocabulary.add(parsed->token, parsed->rank))
      throw DataError(str_format("line {}: its token or its rank is there twice", number));
  }
  std::vector<std::string> known;
  for (const Encoding& encoding : known_encodings()) {
    if (encoding.ranks != vocabulary.size()) {
      known.push_back(str_format("{} ({})", encoding.name, encoding.ranks));
      continue;
    }
    Parts parts;
    for (const auto& [content, id] : encoding.special)
      parts.added.push_back({.content = content, .id = id, .normalised = false, .special = true});
    parts.pre_tokenizers.push_back(
        split_at_pattern(make_pattern(encoding.pattern), SplitBehavior::kIsolated, false));
    parts.model = make_rank_bpe(std::move(vocabulary));
    parts.decoders.push_back(decode_bytes());
    return make_pipeline(std::move(parts));
  }
  throw DataError(
      str_format("{} ranks, which is none of the known encodings {}: the file does not say how to cut "
                 "text; use the tokenizer.json that belongs to it",
                 vocabulary.size(), join_or(known)));
}

}  // namespace echelon::tokenizer
