#include "common/markup.h"

#include <gtest/gtest.h>

namespace echelon {
namespace {

TEST(Markup, WhatHasAMeaningBecomesAnEntity) {
  EXPECT_EQ(escape_markup("a < b && c > \"d\""), "a &lt; b &amp;&amp; c &gt; \"d\"");
}

}  // namespace
}  // namespace echelon
