#include "config/parse.h"

#include <gtest/gtest.h>

#include "common/format.h"
#include "config/time_limit.h"

namespace echelon::config {
namespace {

std::string repeat(std::string_view unit, size_t bytes) {
  std::string text;
  while (text.size() + unit.size() <= bytes) text += unit;
  return text;
}

struct Outcome {
  std::optional<Node> root;
  std::string problems;
};

Outcome parse_text(std::string_view text) {
  Budget budget;
  Problems problems;
  auto root = parse_yaml(text, std::make_shared<Source>(Source{"f.yaml", ""}), budget, problems);
  return {std::move(root), problems.text()};
}

std::string problem(std::string_view text) {
  return parse_text(text).problems;
}

TEST(Parse, KeepsPlaceStyleAndOrder) {
  const auto [root, problems] = parse_text("b: 1\na:\n  - 'x'\n  - {k: true}\n  -\n");
  ASSERT_TRUE(root);
  EXPECT_EQ(problems, "");
  ASSERT_EQ(root->entries.size(), 2u);
  EXPECT_EQ(root->entries[0].key, "b");
  const Node& list = root->entries[1].value;
  EXPECT_EQ(root->entries[1].where.text(), "f.yaml:2:1");
  EXPECT_EQ(list.items[0].style, Node::Style::kQuoted);
  EXPECT_EQ(list.items[0].where.text(), "f.yaml:3:5");
  EXPECT_EQ(list.items[1].find("k")->value.where.text(), "f.yaml:4:9");
  EXPECT_EQ(list.items[1].find("k")->value.style, Node::Style::kPlain);
  EXPECT_TRUE(list.items[2].is_null());
}

TEST(Parse, AcceptsByteOrderMarkEmptyTextAndOneMarkedDocument) {
  EXPECT_TRUE(parse_text("").root->is_null());
  EXPECT_TRUE(parse_text("# nothing\n").root->is_null());
  EXPECT_EQ(parse_text("\xef\xbb\xbf"
                       "a: 1\r\nb: 2\r\n")
                .root->find("b")
                ->value.scalar,
            "2");
  EXPECT_EQ(parse_text("---\na: 1\n...\n").root->find("a")->value.scalar, "1");
}

TEST(Parse, SaysWhereTheSyntaxBreaks) {
  EXPECT_EQ(problem("a: [1, 2\nb: 3\n"), "f.yaml:2:2: not YAML: end of sequence flow not found");
  EXPECT_EQ(problem("a:\n\t- 1\n"), "f.yaml:2:2: not YAML: illegal block entry");
  EXPECT_EQ(problem(","), "f.yaml:1:1: not YAML");
  EXPECT_EQ(problem("a: 1\n---\nb: 2\n"), "f.yaml:2:1: more than one YAML document in a file; remove '---'");
  EXPECT_EQ(problem("? [a]\n: 1\n"), "f.yaml:1:3: a key must be text, not a list");
  EXPECT_EQ(problem(": 1\n"), "f.yaml:1:1: a key is missing before ':'");
  EXPECT_EQ(problem("a: !!int 1\nb: !x {}\n"),
            "f.yaml:1:4: tag 'tag:yaml.org,2002:int' is not supported; remove it\n"
            "f.yaml:2:4: tag '!x' is not supported; remove it");
}

// An open quote would swallow the rest of the file.
TEST(Parse, RefusesQuotesThatAreNeverClosed) {
  EXPECT_EQ(problem("run: 'x\nbatch: 3\n"), "f.yaml:1:6: not YAML: a quote is never closed");
  EXPECT_EQ(problem("run: \"x\\\"\n"), "f.yaml:1:6: not YAML: a quote is never closed");
  EXPECT_EQ(problem("run: 'x''\n"), "f.yaml:1:6: not YAML: a quote is never closed");
  EXPECT_EQ(problem("run: &a !!str # note\n  'x\n"), "f.yaml:1:6: not YAML: a quote is never closed");
  EXPECT_EQ(problem("\xef\xbb\xbfrun: 'x\n"), "f.yaml:1:6: not YAML: a quote is never closed");
  EXPECT_EQ(problem("run: 'x"), "f.yaml:1:8: not YAML: illegal EOF in scalar");
  for (const char* sound :
       {"a: 'x'\n", "a: ''\n", "a: 'it''s'\n", "a: \"\\\\\"\n", "a: &b !!str # note\n  \"x\n  y\"\n",
        "a: |\n  'x\n", "\xef\xbb\xbf'é': 'x'\n", "a: it's\n", "a: &x !!str\nb: 'c'\n"}) {
    EXPECT_EQ(problem(sound), "") << sound;
  }
}

TEST(Parse, ReportsEveryDuplicateKey) {
  const auto [root, problems] = parse_text("a: 1\nb: {c: 1, c: 2}\na: 3\n");
  EXPECT_EQ(problems,
            "f.yaml:2:11: key 'c' is given twice (first on line 2); remove one\n"
            "f.yaml:3:1: key 'a' is given twice (first on line 1); remove one");
  EXPECT_EQ(root->find("a")->value.scalar, "1");
}

TEST(Parse, ExpandsAliasesAndMergeKeys) {
  // Example of https://yaml.org/type/merge.html.
  const auto [root, problems] = parse_text(
      "- &CENTER {x: 1, y: 2}\n- &LEFT {x: 0, y: 2}\n- &BIG {r: 10}\n- &SMALL {r: 1}\n"
      "- {x: 1, y: 2, r: 10, label: center/big}\n- {<<: *CENTER, r: 10, label: center/big}\n"
      "- {<<: [*CENTER, *BIG], label: center/big}\n- {<<: [*BIG, *LEFT, *SMALL], x: 1, label: center/big}\n");
  EXPECT_EQ(problems, "");
  for (size_t i = 4; i < 8; ++i) {
    const Node& map = root->items[i];
    EXPECT_EQ(map.entries.size(), 4u);
    EXPECT_EQ(map.find("x")->value.scalar + map.find("y")->value.scalar + map.find("r")->value.scalar, "1210")
        << i;
  }
  EXPECT_EQ(problem("a: {<<: 3}"),
            "f.yaml:1:9: '<<' takes a section or a list of sections, not the number 3");
  EXPECT_EQ(problem("a: &x [*x]"), "f.yaml:1:8: an alias within the value that it stands for");
  EXPECT_EQ(problem("a: *x"), "f.yaml:1:4: not YAML: the referenced anchor is not defined");
}

TEST(Parse, StopsAtTheNestingLimit) {
  EXPECT_TRUE(parse_text(repeat("[", 63) + repeat("]", 63)).root);
  EXPECT_EQ(problem(repeat("[", 65) + repeat("]", 65)), "f.yaml:1:65: nested more than 64 levels deep");
  std::string ladder = "a0: &a0 {x: 1}\n";  // each alias adds one level
  for (int i = 1; i < 80; ++i) ladder += str_format("a{}: &a{} {{x: *a{}}}\n", i, i, i - 1);
  EXPECT_EQ(problem(ladder), "f.yaml:63:15: nested more than 64 levels deep");
}

// "Billion laughs": nine levels of ten aliases each.
TEST(Parse, StopsAtTheExpansionLimit) {
  std::string bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += str_format("a{}: &a{} [", i, i) + repeat(str_format("*a{}, ", i - 1), 50) +
            str_format("*a{}]\n", i - 1);
  }
  const ProcessorTime watch;
  EXPECT_NE(problem(bomb).find("more than 100000 values, aliases expanded"), std::string::npos);
  EXPECT_LT(watch.seconds(), kSecond);
}

// A megabyte of anything: the answer comes within a second.
TEST(Parse, AnswersAnyTextWithinASecond) {
  constexpr size_t kSize = kSecond == 1 ? Budget::kMostBytes : Budget::kMostBytes / 16;
  std::vector<std::string> texts;
  for (const char* unit : {"[", "{",   "{a: ", "[a: ", "- ",     "? ",  "a: ",    "[[],", "[\n",
                           "]", "&a ", "a",    "a\n",  "a: 1\n", "\n",  "---\n",  "!",    "- &a 1\n",
                           ":", ",",   "[,",   "{? ",  "\"\n",   "|\n", "- &a [", "@"}) {
    texts.push_back(repeat(unit, kSize));
    texts.push_back("a: [" + repeat(unit, kSize / 16));
    texts.push_back("a: '" + repeat(unit, kSize / 16));
    texts.push_back("a: |\n  " + repeat(unit, kSize / 16));
  }
  std::string stairs, anchors;
  for (int i = 0; stairs.size() < kSize; ++i) stairs += std::string(i, ' ') + "a:\n";
  for (int i = 0; i < 60; ++i) anchors += str_format("&a{} [", i);
  texts.push_back(stairs);
  texts.push_back(anchors + repeat("1,", kSize / 8) + repeat("]", 60));
  texts.push_back("a: &m {k: 1}\nb:\n  <<: [" + repeat("*m,", kSize / 16) + "]\n" +
                  repeat("  x: 1\n", kSize / 2));
  for (const std::string& text : texts) {
    const ProcessorTime watch;
    parse_text(text);
    EXPECT_LT(watch.seconds(), kSecond) << text.substr(0, 12);
  }
}

}  // namespace
}  // namespace echelon::config
