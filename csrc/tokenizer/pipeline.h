// A tokenizer put together from its parts, in the order in which text goes through them: added tokens,
// normalizers, added tokens again, pre-tokenizers, model, post-processor; and decoders for the way back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/decoder.h"
#include "tokenizer/model.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/tokenizer.h"

namespace echelon::tokenizer {

/// What is put around the ids of a text, one step: nothing where `text` is set.
struct TemplatePiece {
  bool text = false;
  std::vector<uint32_t> ids;
};
using Template = std::vector<TemplatePiece>;

struct Parts {
  std::vector<AddedToken> added;
  Normalizers normalizers;
  PreTokenizers pre_tokenizers;
  std::unique_ptr<Model> model;
  std::vector<Template> templates;  ///< each put around what the one before gave
  Decoders decoders;
  bool has_decoder = true;  ///< without one, tokens are joined with blanks
};

std::unique_ptr<Tokenizer> make_pipeline(Parts parts);

}  // namespace echelon::tokenizer
