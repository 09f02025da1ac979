#include "data/text/settings.h"

#include <string_view>

#include "common/format.h"
#include "config/fields.h"
#include "data/describe_loading.h"

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
  if (s.instruction && checks.is_set("text_key"))
    checks.problem("text_key", "has no effect with instruction");
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

void describe(config::Fields<TextSettings>& f) {
  f.about("Text as tokens, cut into sequences of one length; the target is the next token.");
  f.add("train", &TextSettings::train,
        "Token shards, plain text (a document each), JSON lines (.jsonl, a document a line) or Parquet (a document "
        "a row), also .gz and .zst: paths, globs or ranges like train-{000..004}.tokens, also in object stores "
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
  f.add("tokenizer", &TextSettings::tokenizer,
        "A tokenizer.json (Hugging Face), a tekken.json, a tiktoken file of ranks, or a SentencePiece model.")
      .must_exist();
  f.add("text_key", &TextSettings::text_key, "Member of JSON lines, or column of Parquet, that is the text of a document.");
  f.add("instruction", &TextSettings::instruction,
        "Instead of text_key: lines or rows as prompts, which are only read, and responses, which are learned.");
  f.add("end_of_document", &TextSettings::end_of_document,
        "Text that is put after each document; with a tokenizer as a rule its token for that.")
      .example("'<|endoftext|>'");
  f.add("packing", &TextSettings::packing,
        "How documents become sequences. stream: one after the other, cut wherever a sequence is full; "
        "documents: whole ones together, so that little padding is needed, and only those longer than a "
        "sequence are cut; none: each for itself, with padding.")
      .values({{"stream", Packing::kStream}, {"documents", Packing::kDocuments}, {"none", Packing::kNone}});
  f.add("sequence_length", &TextSettings::sequence_length, "Tokens of a sample.")
      .range(1, 1 << 24)
      .unit("tokens");
  f.add("verify", &TextSettings::verify,
        "Compare the checksums of token shards at the start, which reads all of them.");
  describe_loading(f);
  f.check(check_text);
}

}  // namespace echelon::data
