#include "prepare/text/settings.h"

#include "data/text/describe_encoding.h"
#include "prepare/describe_common.h"
#include "prepare/text/describe_documents.h"

namespace echelon::prepare {
namespace {

void check_text(const TextPreparation& s, config::Checks& checks) {
  data::check_encoding(s, checks);
  if (s.name.empty() || s.name.find('/') != s.name.npos) checks.problem("name", "must be the name of a file");
}

}  // namespace

void describe(config::Fields<TextPreparation>& f) {
  f.about("Texts are made into token shards, which training maps into memory.");
  describe_documents(f);
  data::describe_tokenizer(f, "; not set: each byte is a token");
  data::describe_encoding(f);
  f.add("name", &TextPreparation::name, "What the names of the shards begin with.");
  f.add("shard_tokens", &TextPreparation::shard_tokens,
        "Tokens after which a shard ends, with the document that reaches so many.")
      .range(1, int64_t{1} << 31)
      .unit("tokens");
  describe_common(f);
  f.check(check_text);
}

}  // namespace echelon::prepare
