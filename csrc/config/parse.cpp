#include "config/parse.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>

#include "common/format.h"
#include "config/encoding.h"

namespace echelon::config {
namespace {

struct Refused {
  Location where;
  std::string message;
};

struct Extent {
  size_t nodes = 1;
  int nesting = 1;
};

Extent measure(const Node& node) {
  Extent extent;
  const auto add = [&](const Node& child) {
    const Extent inner = measure(child);
    extent.nodes += inner.nodes;
    extent.nesting = std::max(extent.nesting, inner.nesting + 1);
  };
  for (const Node& item : node.items) add(item);
  for (const Entry& entry : node.entries) add(entry.value);
  return extent;
}

// Whether the scalar at the start of `text`, perhaps behind anchor and tag, has its closing quote if it has
// an opening one. yaml-cpp 0.7 takes a line end at the end of the text for a closing quote.
bool is_closed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t i = 0;
  while (i < text.size() && (text[i] == '&' || text[i] == '!' || text[i] == '#')) {
    i = text.find_first_of(text[i] == '#' ? "\n" : kSpace, i);
    i = text.find_first_not_of(kSpace, std::min(i, text.size()));
  }
  if (i >= text.size() || (text[i] != '"' && text[i] != '\'')) return true;
  const char quote = text[i++];
  for (; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
      if (!doubled) return true;
      ++i;
    }
  }
  return false;
}

// Builds the tree from yaml-cpp's events. It stops the parser by throwing at the first sign of excess, so
// that neither depth nor expansion grows beyond the budget; the scanner below takes time in proportion to the
// text.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const SourcePtr& source, Budget& budget, Problems& problems)
      : text_(text), source_(source), budget_(budget), problems_(problems) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    const Location where = location(mark);
    if (documents_ == 0) document_start_ = where;
    // After a document that ended without reading anything the parser would go round for ever.
    const bool stuck = where.line == document_start_.line && where.column == document_start_.column;
    if (++documents_ > 1)
      throw Refused{where, stuck ? "not YAML" : "more than one YAML document in a file; remove '---'"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    finish(make(mark, Node::Kind::kNull), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(mark, Node::Kind::kScalar);
    node.scalar = value;
    node.style = tag == "?" ? Node::Style::kPlain : Node::Style::kQuoted;
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str") refuse_tag(node.where, tag);
    if (tag != "?" && !is_closed(text_.substr(std::min<size_t>(mark.pos, text_.size())))) {
      throw Refused{node.where, "not YAML: a quote is never closed"};
    }
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Location where = location(mark);
    const auto target = anchors_.find(anchor);
    if (target == anchors_.end()) throw Refused{where, "an alias within the value that it stands for"};
    const auto& [node, extent] = target->second;
    count(where, extent.nodes, extent.nesting);
    place(node, where);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(mark, Node::Kind::kList), tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(mark, Node::Kind::kMap), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    bool has_key = false;  // a map waits for the value of `key`
    std::string key;
    Location key_where;
    std::unordered_map<std::string, int> lines;  // of the keys so far
    std::vector<Node> merged;                    // values of `<<`
  };

  Location location(const YAML::Mark& mark) const {
    return mark.is_null() ? Location{source_} : Location{source_, mark.line + 1, mark.column + 1};
  }

  Node make(const YAML::Mark& mark, Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.where = location(mark);
    count(node.where, 1, 1);
    return node;
  }

  void count(const Location& where, size_t nodes, int nesting) {
    budget_.nodes += nodes;
    if (budget_.nodes > Budget::kMostNodes) {
      throw Refused{where, str_format("more than {} values, aliases expanded", Budget::kMostNodes)};
    }
    if (static_cast<int>(open_.size()) + nesting > Budget::kMostNesting) {
      throw Refused{where, str_format("nested more than {} levels deep", Budget::kMostNesting)};
    }
  }

  void refuse_tag(const Location& where, const std::string& tag) {
    problems_.add(where, "", str_format("tag {} is not supported; remove it", in_quotes(tag)));
  }

  void open(Node node, const std::string& tag, YAML::anchor_t anchor) {
    if (tag != "?" && tag != "!") refuse_tag(node.where, tag);
    open_.push_back({std::move(node), anchor, false, "", {}, {}, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (!done.merged.empty()) {
      std::unordered_set<std::string> present;
      for (const Entry& entry : done.node.entries) present.insert(entry.key);
      for (const Node& value : done.merged) merge(done.node, value, present);
    }
    finish(std::move(done.node), done.anchor);
  }

  void finish(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      const Extent extent = measure(node);
      count(node.where, extent.nodes, 0);  // the copy that aliases are made from
      anchors_.insert_or_assign(anchor, std::pair(node, extent));
    }
    const Location where = node.where;
    place(std::move(node), where);
  }

  // Hands a finished value to what encloses it; `where` is its place in the text, or that of the alias.
  void place(Node node, const Location& where) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.is_list()) {
      open_.back().node.items.push_back(std::move(node));
    } else if (!open_.back().has_key) {
      take_key(open_.back(), node, where);
    } else {
      take_value(open_.back(), std::move(node));
    }
  }

  void take_key(Open& map, const Node& node, const Location& where) {
    if (node.is_list() || node.is_map())
      throw Refused{where, "a key must be text, not " + describe_node(node)};
    map.has_key = true;
    map.key = node.scalar;
    map.key_where = where;
    if (node.is_null()) throw Refused{where, "a key is missing before ':'"};
  }

  void take_value(Open& map, Node value) {
    map.has_key = false;
    if (value.is_null() && value.where.line > map.key_where.line)
      value.where = map.key_where;  // nothing after "key:"
    if (map.key == "<<") {
      map.merged.push_back(std::move(value));
      return;
    }
    const auto [first, is_new] = map.lines.emplace(map.key, map.key_where.line);
    if (is_new) {
      map.node.entries.push_back({map.key, map.key_where, std::move(value)});
    } else {
      problems_.add(map.key_where, "",
                    str_format("key {} is given twice (first on line {}); remove one", in_quotes(map.key),
                               first->second));
    }
  }

  // https://yaml.org/type/merge.html: keys of the map itself win over merged ones, earlier ones over later
  // ones.
  void merge(Node& map, const Node& value, std::unordered_set<std::string>& present) {
    if (value.is_list()) {
      for (const Node& item : value.items) merge(map, item, present);
    } else if (!value.is_map()) {
      problems_.add(value.where, "",
                    "'<<' takes a section or a list of sections, not " + describe_node(value));
    } else {
      for (const Entry& entry : value.entries) {
        if (present.insert(entry.key).second) map.entries.push_back(entry);
      }
    }
  }

  std::string_view text_;
  SourcePtr source_;
  Budget& budget_;
  Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, std::pair<Node, Extent>> anchors_;
  int documents_ = 0;
  Location document_start_;
};

// Reads from memory without a copy.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* start = const_cast<char*>(text.data());
    setg(start, start, start + text.size());
  }
};

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, const SourcePtr& source, Budget& budget,
                               Problems& problems) {
  if (const auto bad = find_bad_character(text)) {
    problems.add({source, bad->line, bad->column}, "", bad->message);
    return std::nullopt;
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  TreeBuilder builder(text, source, budget, problems);
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Refused& refused) {
    problems.add(refused.where, "", refused.message);
  } catch (const YAML::Exception& error) {
    const bool nowhere = error.mark.is_null();
    problems.add({source, nowhere ? 1 : error.mark.line + 1, nowhere ? 1 : error.mark.column + 1}, "",
                 str_format("not YAML: {}", error.msg));
  }
  return std::nullopt;
}

}  // namespace echelon::config
