// Laying one tree over another.
#pragma once

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// Puts `over` on top of `base`: maps merge key by key, anything else replaces. Where `type` (may be null)
/// says that a value is a choice and `over` names another alternative, `over` replaces it whole. What is
/// merged is written out in its long form first.
void merge_over(Node& base, Node over, const Type* type);

/// Sets the value at a path of keys and list positions, creating sections on the way. Returns why that is
/// impossible, or an empty text.
std::string set_at(Node& root, const std::string& path, Node value, const Type* type);

}  // namespace echelon::config
