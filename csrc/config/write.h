// From a described struct to a tree of nodes, and from there to YAML text.
#pragma once

#include <string>

#include "config/node.h"
#include "config/type.h"

namespace echelon::config {

/// Every field of the struct at `value`, in the order of its description.
Node write_settings(const Section& section, const void* value);

/// The value of one field; `type` describes the object at `value`.
Node write_value(const Type& type, const void* value);

/// YAML in block style, lists of scalars in flow style. Text is quoted where it would read as something else.
std::string to_yaml_text(const Node& node);

/// The same on one line, in flow style: "[1, 2]", "{name: gpt}".
std::string to_flow_text(const Node& node);

}  // namespace echelon::config
