#include "prepare/text/settings.h"

#include "prepare/describe_common.h"
#include "prepare/text/describe_documents.h"

namespace echelon::prepare {
namespace {

void check_text(const TextPreparation& s, config::Checks& checks) {
  if (s.instruction && checks.is_set("text_key"))
    checks.problem("text_key", "has no effect with instruction");
  if (s.special_tokens && !s.tokenizer) checks.problem("special_tokens", "has no effect without tokenizer");
  if (s.special_tokens && s.instruction)
    checks.problem("special_tokens", "contradicts instruction; write special tokens into its patterns");
  if (s.name.empty() || s.name.find('/') != s.name.npos) checks.problem("name", "must be the name of a file");
}

}  // namespace

void describe(config::Fields<TextPreparation>& f) {
  f.about("Texts are made into token shards, which training maps into memory.");
  describe_documents(f);
  f.add("tokenizer", &TextPreparation::tokenizer,
        "A tokenizer.json (Hugging Face), a tekken.json, a tiktoken file of ranks, or a SentencePiece model; "
        "not set: each byte is a token.")
      .must_exist();
  f.add("instruction", &TextPreparation::instruction,
        "Instead of text_key: lines or rows as prompts, which are only read, and responses, which are "
        "learned.");
  f.add("end_of_document", &TextPreparation::end_of_document,
        "Text that is put after each document; with a tokenizer as a rule its token for that.")
      .example("'<|endoftext|>'");
  f.add("special_tokens", &TextPreparation::special_tokens,
        "Put around each document what the tokenizer's file says, as [CLS] and [SEP] of BERT.");
  f.add("name", &TextPreparation::name, "What the names of the shards begin with.");
  f.add("shard_tokens", &TextPreparation::shard_tokens,
        "Tokens after which a shard ends, with the document that reaches so many.")
      .range(1, int64_t{1} << 31)
      .unit("tokens");
  describe_common(f);
  f.check(check_text);
}

}  // namespace echelon::prepare
