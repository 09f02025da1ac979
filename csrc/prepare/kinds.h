// What can be prepared: the one list that `prepare`, `schema` and `--help` go by.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/error.h"
#include "prepare/image/settings.h"
#include "prepare/table/settings.h"
#include "prepare/text/settings.h"
#include "prepare/tokenizer/settings.h"

namespace echelon::prepare {

struct Kind {
  const char* name;
  const char* help;
};

inline constexpr std::array kKinds{
    Kind{"images", "images into tar shards"},
    Kind{"text", "texts into token shards"},
    Kind{"table", "tables into Parquet files of equal size"},
    Kind{"tokenizer", "texts into a tokenizer.json, by learning byte-level BPE"},
};

/// Calls `use` with std::type_identity of the settings of a kind.
template <class Use>
auto with_settings(std::string_view kind, Use use) {
  if (kind == "images") return use(std::type_identity<ImagePreparation>());
  if (kind == "text") return use(std::type_identity<TextPreparation>());
  if (kind == "table") return use(std::type_identity<TablePreparation>());
  if (kind == "tokenizer") return use(std::type_identity<TokenizerPreparation>());
  throw InternalError("a kind of preparation without settings: " + std::string(kind));
}

}  // namespace echelon::prepare
