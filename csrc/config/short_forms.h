// Values that may be written shorter than they are.
#pragma once

#include <optional>

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// What `node` stands for as a value of `type`, when it is written in a short form; nothing when it is not.
/// Only the node itself is written out, not what is below it. A short form is
///   the only item of a list that is declared `.or_one()`:   full     for [full]
///   the name of an alternative of a compact choice:         relu     for {relu: {}}
///   the value of the field of a section that is `.direct()`: 3        for {chunks: 3}
/// What a short form adds stands where the short form is.
std::optional<Node> long_form(const Type& type, const Node& node);

}  // namespace echelon::config
