// What all settings say alike of how a document becomes tokens: the members `tokenizer`, `instruction`,
// `end_of_document` and `special_tokens`, beside `text_key`.
#pragma once

#include <string>

#include "config/fields.h"

namespace echelon::data {

/// `otherwise`: what happens without one, as the rest of the sentence.
template <class T>
void describe_tokenizer(config::Fields<T>& f, const std::string& otherwise = "") {
  f.add("tokenizer", &T::tokenizer,
        "A tokenizer.json (Hugging Face), a tekken.json, a tiktoken file of ranks, or a SentencePiece model" +
            otherwise + ".")
      .must_exist();
}

template <class T>
void describe_encoding(config::Fields<T>& f) {
  f.add("instruction", &T::instruction,
        "Instead of text_key: lines or rows as prompts, which are only read, and responses, which are "
        "learned.");
  f.add("end_of_document", &T::end_of_document,
        "Text that is put after each document; with a tokenizer as a rule its token for that.")
      .example("'<|endoftext|>'");
  f.add("special_tokens", &T::special_tokens,
        "Put around each document what the tokenizer's file says, as [CLS] and [SEP] of BERT.");
}

template <class T>
void check_encoding(const T& s, config::Checks& checks) {
  if (s.instruction && checks.is_set("text_key"))
    checks.problem("text_key", "has no effect with instruction");
  if (s.special_tokens && !s.tokenizer) checks.problem("special_tokens", "has no effect without tokenizer");
  if (s.special_tokens && s.instruction)
    checks.problem("special_tokens", "contradicts instruction; write special tokens into its patterns");
}

}  // namespace echelon::data
