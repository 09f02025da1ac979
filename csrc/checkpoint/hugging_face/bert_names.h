// The names of BERT's tensors.
#pragma once

#include <string>
#include <vector>

namespace echelon::checkpoint::hugging_face {

/// Of Hugging Face's tensors that, one below the other, are the parameter `name` of models::make_bert: one,
/// or three for queries, keys and values. InternalError where the model has no such parameter.
std::vector<std::string> bert_names(const std::string& name);

/// Whether Hugging Face's folders hold this tensor besides those of the encoder, and it has no part in hidden
/// states.
bool is_outside_encoder(const std::string& name);

}  // namespace echelon::checkpoint::hugging_face
