// PCRE2's objects, owned. For general_pattern.cpp and property_ranges.cpp alone.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>
#include <string>

#include "common/error.h"

namespace echelon::tokenizer::pcre2 {

template <class Type, void (*kFree)(Type*)>
struct Free {
  void operator()(Type* object) const { kFree(object); }
};
template <class Type, void (*kFree)(Type*)>
using Owned = std::unique_ptr<Type, Free<Type, kFree>>;

using Code = Owned<pcre2_code, pcre2_code_free>;
using MatchData = Owned<pcre2_match_data, pcre2_match_data_free>;

template <class Pointer>
Pointer require(Pointer pointer) {
  if (!pointer) throw InternalError("PCRE2 is out of memory");
  return pointer;
}

inline std::string message(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

}  // namespace echelon::tokenizer::pcre2
