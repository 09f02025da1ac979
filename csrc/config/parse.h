// YAML text to a tree of nodes. The only place that knows yaml-cpp.
#pragma once

#include <optional>
#include <string_view>

#include "config/node.h"

namespace echelon::config {

/// What a configuration may hold, everything it includes taken together. Whatever the bytes are, reading ends
/// within a second with a message.
struct Budget {
  static constexpr size_t kMostBytes = 1 << 20;
  static constexpr size_t kMostNodes = 100'000;  ///< after aliases are expanded
  static constexpr int kMostNesting = 64;
  size_t bytes = 0;
  size_t nodes = 0;
};

/// The one document in `text`, with aliases expanded, merge keys (`<<`) merged and duplicate keys reported.
/// An empty document is null. Returns nothing when the text is no YAML or leaves the budget; the reason is in
/// `problems`.
std::optional<Node> parse_yaml(std::string_view text, const SourcePtr& source, Budget& budget,
                               Problems& problems);

}  // namespace echelon::config
