// How the hidden states of a text's tokens become one vector. Free of LibTorch.
#pragma once

#include <string_view>

namespace echelon::models {

enum class Pooling {
  kMean,  ///< over the text's tokens, special ones included
  kCls,   ///< the first token's
  kMax,   ///< of each number over the text's tokens
};
std::string_view name_of(Pooling pooling);  ///< "mean", "cls", "max"

}  // namespace echelon::models
