#include "checkpoint/hugging_face/bert_names.h"

#include <array>
#include <string_view>

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint::hugging_face {
namespace {

struct Name {
  std::string_view ours, theirs;
};

constexpr std::array<Name, 4> kOfEmbedding = {{{"token", "word_embeddings"},
                                               {"position", "position_embeddings"},
                                               {"token_type", "token_type_embeddings"},
                                               {"norm", "LayerNorm"}}};
constexpr std::array<Name, 5> kOfBlock = {{{"attention.projection", "attention.output.dense"},
                                           {"attention_norm", "attention.output.LayerNorm"},
                                           {"mlp.expand", "intermediate.dense"},
                                           {"mlp.contract", "output.dense"},
                                           {"mlp_norm", "output.LayerNorm"}}};

}  // namespace

std::vector<std::string> bert_names(const std::string& name) {
  const size_t first = name.find('.'), second = name.find('.', first + 1), last = name.rfind('.');
  if (first == std::string::npos) throw InternalError(str_format("'{}' is no parameter of BERT", name));
  const std::string_view layer(name.data(), first), kind = std::string_view(name).substr(last + 1);
  if (layer == "embedding") {
    for (const auto& [ours, theirs] : kOfEmbedding) {
      if (name.substr(first + 1, last - first - 1) == ours)
        return {str_format("embeddings.{}.{}", theirs, kind)};
    }
  } else if (layer == "block" && second != last) {
    const std::string number = name.substr(first + 1, second - first - 1);
    const std::string inside = name.substr(second + 1, last - second - 1);
    if (inside == "attention.qkv") {
      std::vector<std::string> names;
      for (const char* part : {"query", "key", "value"})
        names.push_back(str_format("encoder.layer.{}.attention.self.{}.{}", number, part, kind));
      return names;
    }
    for (const auto& [ours, theirs] : kOfBlock) {
      if (inside == ours) return {str_format("encoder.layer.{}.{}.{}", number, theirs, kind)};
    }
  }
  throw InternalError(str_format("'{}' is no parameter of BERT", name));
}

bool is_outside_encoder(const std::string& name) {
  return name.starts_with("pooler.") || name.starts_with("cls.") || name == "embeddings.position_ids" ||
         name == "embeddings.token_type_ids";
}

}  // namespace echelon::checkpoint::hugging_face
