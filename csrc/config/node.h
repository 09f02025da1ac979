// A configuration as a tree of values that know where they were written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace echelon::config {

struct Entry;

struct Node {
  enum class Kind {
    kNull,
    kScalar,
    kList,
    kMap,
    kBroken,  ///< already reported; readers pass over it in silence
  };
  enum class Style {
    kPlain,        ///< the look decides the type, as YAML 1.2 has it: 1 is a number, true a truth value
    kQuoted,       ///< always text
    kSubstituted,  ///< from the environment or the command line: text where text is asked for
  };

  Kind kind = Kind::kNull;
  Style style = Style::kPlain;
  Location where;
  std::string scalar;
  std::vector<Node> items;
  std::vector<Entry> entries;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_broken() const { return kind == Kind::kBroken; }
  /// A variable that holds nothing: what may be left out is.
  bool is_empty_variable() const { return is_scalar() && style == Style::kSubstituted && scalar.empty(); }

  /// The entry of a map, or null.
  const Entry* find(std::string_view key) const;
  Entry* find(std::string_view key);
};

struct Entry {
  std::string key;
  Location where;  ///< of the key
  Node value;
};

Node scalar_node(std::string text, Node::Style style = Node::Style::kPlain);
Node list_node();
Node map_node();

/// Equal content; places and styles aside, except that quoted text never equals a plain scalar.
bool same_content(const Node& a, const Node& b);

/// What the node is, for a message: "the text 'abc'", "the number 5", "a list", "nothing".
std::string describe_node(const Node& node);

/// Splits "model.layers.0.units" at the dots.
std::vector<std::string> split_path(std::string_view path);

/// `path` + "." + `key`, or `key` alone at the top level.
std::string join_path(std::string_view path, std::string_view key);

struct Found {
  Location where;    ///< of the key, or of the nearest enclosing section that is written
  const Node* node;  ///< what stands at the path, or null when it is not written
};
/// Where the setting at `path` is written below `root`, which stands at `where`. List items are numbered from
/// 0.
Found locate(const Node& root, const Location& where, std::string_view path);

}  // namespace echelon::config
