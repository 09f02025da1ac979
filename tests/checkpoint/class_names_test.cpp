#include "checkpoint/class_names.h"

#include <gmock/gmock.h>

#include "common/error.h"

namespace echelon::checkpoint {
namespace {

TEST(ClassNames, AreAListInJson) {
  const std::vector<std::string> names{"cat", "d\"og", "é"};
  EXPECT_EQ(render_class_names(names), "[\n \"cat\",\n \"d\\\"og\",\n \"é\"\n]\n");
  EXPECT_EQ(parse_class_names(render_class_names(names), "f"), names);
}

TEST(ClassNames, WhatIsNoListOfTextsIsRefused) {
  for (const char* text : {"", "{}", "[1]", "[\"a\"", "\"a\""}) {
    try {
      parse_class_names(text, "c/classes.json");
      FAIL() << text;
    } catch (const CheckpointError& error) {
      EXPECT_STREQ(error.what(), "c/classes.json: no list of the names of classes");
    }
  }
}

}  // namespace
}  // namespace echelon::checkpoint
