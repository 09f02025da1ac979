#include "data/text/settings.h"

#include <string_view>

#include "common/format.h"
#include "config/fields.h"
#include "data/describe_loading.h"
#include "data/text/describe_encoding.h"

namespace echelon::data {
namespace {

/// Every brace opens a key, closes one, or is doubled.
bool well_formed(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{' && pattern[i] != '}') continue;
    const bool doubled = i + 1 < pattern.size() && pattern[i + 1] == pattern[i];
    if (doubled) {
      ++i;
      continue;
    }
    const size_t close = pattern.find_first_of("{}", i + 1);
    if (pattern[i] == '}' || close == pattern.npos || pattern[close] == '{' || close == i + 1) return false;
    i = close;
  }
  return true;
}

void check_instruction(const InstructionSettings& s, config::Checks& checks) {
  const std::string_view problem = "has a brace that neither encloses a key nor is doubled";
  if (!well_formed(s.prompt)) checks.problem("prompt", problem);
  if (!well_formed(s.response)) checks.problem("response", problem);
}

void check_text(const TextSettings& s, config::Checks& checks) {
  check_pair(s.train_range, "train_range", checks);
  check_pair(s.test_range, "test_range", checks);
  if (s.tokenizer && s.format != TextFormat::kAuto) {
    checks.problem("tokenizer", "contradicts format: bytes and token shards are not tokenized");
  }
  check_encoding(s, checks);
  const auto* masked = std::get_if<MaskedSettings>(&s.objective);
  if (masked != nullptr && !masked->mask_id && !s.tokenizer) {
    checks.problem("objective",
                   "masked needs a tokenizer that has mask_token, or mask_id, the number of the token that "
                   "hides others");
  }
  if (masked != nullptr && s.instruction)
    checks.problem("objective", "masked hides tokens anywhere, so instruction has no effect");
  if (std::holds_alternative<Seq2SeqSettings>(s.objective) && s.packing != Packing::kNone)
    checks.problem("packing", "must be none for objective: seq2seq, whose samples are single documents");
  if (s.bucket_tokens && s.packing != Packing::kBuckets)
    checks.problem("bucket_tokens", "has no effect unless packing is buckets");
  if (s.packing == Packing::kBuckets && bucket_tokens(s) < s.sequence_length) {
    checks.problem("bucket_tokens",
                   str_format("must be at least sequence_length ({}), or the longest document fits "
                              "no batch",
                              s.sequence_length));
  }
  if (s.verify && s.format == TextFormat::kBytes)
    checks.problem("verify", "has no effect on bytes: only token shards have checksums");
}

}  // namespace

void describe(config::Fields<InstructionSettings>& f) {
  f.about("Prompts and responses. {key} stands for that member of a line, {{ and }} for braces.");
  f.add("prompt", &InstructionSettings::prompt, "What is read.").required().example("'{question}\\n'");
  f.add("response", &InstructionSettings::response, "What is learned.").required().example("'{answer}'");
  f.check(check_instruction);
}

void describe(config::Fields<MaskedSettings>& f) {
  f.about("Tokens chosen at random are hidden in the input and predicted (Devlin et al., 1810.04805).");
  f.add("probability", &MaskedSettings::probability, "Share of tokens that are chosen.").above(0).at_most(1);
  f.add("random", &MaskedSettings::random,
        "Share of the chosen that become a random token instead of mask_token.")
      .range(0, 1);
  f.add("keep", &MaskedSettings::keep, "Share of the chosen that stay as they are.").range(0, 1);
  f.add("mask_token", &MaskedSettings::mask_token, "Token of the tokenizer that hides others.");
  f.add("mask_id", &MaskedSettings::mask_id, "Its number, instead; for bytes 256, with a vocabulary of 257.")
      .at_least(0);
  f.check([](const MaskedSettings& s, config::Checks& checks) {
    if (s.random + s.keep > 1) checks.problem("keep", "and random together must be at most 1");
    if (s.mask_id && checks.is_set("mask_token")) checks.problem("mask_token", "has no effect with mask_id");
  });
}

void describe(config::Fields<Seq2SeqSettings>& f) {
  f.about("A response is predicted by a model that reads the whole prompt first (model: encoder_decoder).");
  f.add(
       "source_length", &Seq2SeqSettings::source_length,
       "Tokens of a prompt: longer ones are cut, shorter ones padded. sequence_length is that of a response.")
      .range(1, 1 << 24)
      .unit("tokens");
  f.add("start_id", &Seq2SeqSettings::start_id,
        "The token that stands before the response: 0 in T5, that of the beginning of text elsewhere.")
      .at_least(0);
}

void describe(config::Fields<ObjectiveSettings>& f) {
  f.about("What is predicted.");
  f.compact();
  f.choice<CausalSettings>("causal", "Each token from those before it.");
  f.choice<MaskedSettings>("masked", "Hidden tokens from those around them.");
  f.choice<Seq2SeqSettings>("seq2seq", "The response to a prompt.");
}

void describe(config::Fields<TextSettings>& f) {
  f.about("Text as tokens.");
  f.add("train", &TextSettings::train,
        "Token shards, plain text (a document each), JSON lines (.jsonl, a document a line) or Parquet (a "
        "document "
        "a row), also .gz and .zst: paths, globs or ranges like train-{000..004}.tokens, also in object "
        "stores "
        "(s3://, gs://).")
      .min_items(1)
      .example("[data/train-*.tokens]");
  f.add("test", &TextSettings::test, "The same for evaluation; may be the file of train with another range.");
  f.add("train_range", &TextSettings::train_range, "Part of each text to train on, as shares of its length.")
      .range(0, 1)
      .min_items(2)
      .max_items(2)
      .example("[0.0, 0.9]");
  f.add("test_range", &TextSettings::test_range, "Part of each text to evaluate on, as shares of its length.")
      .range(0, 1)
      .min_items(2)
      .max_items(2)
      .example("[0.9, 1.0]");
  f.add("format", &TextSettings::format,
        "bytes: every byte is a token, 256 in all; tokens: token shards; auto: token shards are recognised, "
        "other files "
        "pass through the tokenizer where one is given, else bytes.")
      .values({{"auto", TextFormat::kAuto}, {"bytes", TextFormat::kBytes}, {"tokens", TextFormat::kTokens}});
  describe_tokenizer(f);
  f.add("text_key", &TextSettings::text_key,
        "Member of JSON lines, or column of Parquet, that is the text of a document.");
  describe_encoding(f);
  f.add("objective", &TextSettings::objective, "What is predicted.");
  f.add("packing", &TextSettings::packing,
        "How documents become sequences. stream: one after the other, cut wherever a sequence is full; "
        "documents: whole ones together, so that little padding is needed, and only those longer than a "
        "sequence are cut; none: each for itself, with padding; buckets: several of similar length, each in "
        "a row "
        "of its own that is padded to the longest of them, make one sample of at most bucket_tokens tokens, "
        "which "
        "is a micro-batch.")
      .values({{"stream", Packing::kStream},
               {"documents", Packing::kDocuments},
               {"none", Packing::kNone},
               {"buckets", Packing::kBuckets}});
  f.add("sequence_length", &TextSettings::sequence_length,
        "Tokens of a sequence: the most where they are padded.")
      .range(1, 1 << 24)
      .unit("tokens");
  f.add("bucket_tokens", &TextSettings::bucket_tokens,
        "Tokens of a sample of packing: buckets, with padding; not set: eight times sequence_length.")
      .range(1, int64_t{1} << 30)
      .unit("tokens");
  f.add("verify", &TextSettings::verify,
        "Compare the checksums of token shards at the start, which reads all of them.");
  describe_loading(f);
  f.check(check_text);
}

int64_t bucket_tokens(const TextSettings& settings) {
  return settings.bucket_tokens.value_or(8 * settings.sequence_length);
}

}  // namespace echelon::data
