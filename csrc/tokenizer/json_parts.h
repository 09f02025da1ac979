// The sections of a tokenizer.json → the parts of a tokenizer. Each throws DataError that names the place of
// what is malformed or not supported.
#pragma once

#include <vector>

#include "tokenizer/json_node.h"
#include "tokenizer/pipeline.h"

namespace echelon::tokenizer {

void read_normalizer(const JsonNode& node, Normalizers& steps);
void read_pre_tokenizer(const JsonNode& node, PreTokenizers& steps);
void read_decoder(const JsonNode& node, Decoders& steps);
void read_post_processor(const JsonNode& node, std::vector<Template>& steps);

/// `bytes`: words come to it as bytes that were not mapped to characters yet.
std::unique_ptr<Model> read_model(const JsonNode& node, bool bytes);

/// Whether the model can take its words as bytes, when the last pre-tokenizer would map them to characters.
bool takes_bytes(const JsonNode& model);

/// A `pattern` of Split and Replace: {"String": …} or {"Regex": …}.
std::unique_ptr<Pattern> read_pattern(const JsonNode& node);

/// Of the pre-tokenizer, which the decoder of that name shares.
MetaspaceSettings read_metaspace(const JsonNode& node);

}  // namespace echelon::tokenizer
