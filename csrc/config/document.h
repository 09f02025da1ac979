// A configuration as the user gave it: a file, the files it includes, the environment and the command line,
// merged into one tree whose nodes know where they came from.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// Reads `path` and everything it includes, then applies `overrides` ("optimizer.lr=1e-3",
/// "layers.0.units=3"; the value is YAML). The root is a map; its place is the start of `path`. Returns
/// nothing when the text cannot be used at all; what is wrong is in `problems` either way.
///
/// `include: base.yaml` (or a list, later files over earlier ones) stands at the top level; paths start at
/// the folder of the file that includes; its own keys win, section by section. A section that chooses another
/// alternative than the included file replaces it whole. `type` describes the root; it tells where choices
/// are.
std::optional<Node> load_document(const std::filesystem::path& path, std::span<const std::string> overrides,
                                  const Type& type, Problems& problems);

/// The same for text that is in memory and would stand in a file `name`.
std::optional<Node> parse_document(std::string_view text, const std::string& name,
                                   std::span<const std::string> overrides, const Type& type,
                                   Problems& problems);

/// The keys at the top level of the file at `path`, without those that it includes; none where it cannot be
/// read. Tells configurations of different verbs apart.
std::vector<std::string> top_level_keys(const std::filesystem::path& path);

}  // namespace echelon::config
