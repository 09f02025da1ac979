#include "prepare/tokenizer/settings.h"

#include "prepare/describe_common.h"
#include "prepare/text/describe_documents.h"

namespace echelon::prepare {

void describe(config::Fields<TokenizerPreparation>& f) {
  f.about("A byte-level BPE tokenizer is learned of texts and written as tokenizer.json.");
  describe_documents(f);
  f.add("vocabulary", &TokenizerPreparation::vocabulary,
        "Tokens in all: special ones, one for each byte, and merges.")
      .range(257, 1 << 24);
  f.add("min_frequency", &TokenizerPreparation::min_frequency,
        "How often a pair must be there to become a token.")
      .at_least(0);
  f.add("special_tokens", &TokenizerPreparation::special_tokens, "The first tokens, never cut or merged.");
  f.add("pattern", &TokenizerPreparation::pattern,
        "Regular expression of the pieces that text is cut into first; empty: GPT-2's.");
  f.add("add_prefix_space", &TokenizerPreparation::add_prefix_space,
        "Put a blank in front of a text that has none; with GPT-2's pattern.");
  describe_common(f);
  f.check([](const TokenizerPreparation& s, config::Checks& checks) {
    if (s.add_prefix_space && !s.pattern.empty())
      checks.problem("add_prefix_space", "goes with GPT-2's pattern alone");
    if (s.vocabulary < 256 + static_cast<int64_t>(s.special_tokens.size()))
      checks.problem("vocabulary", "must be at least 256 more than there are special tokens");
  });
}

}  // namespace echelon::prepare
