#include "data/patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;

TEST(ExpandBraces, CountsAndListsAsAShellDoes) {
  EXPECT_THAT(expand_braces("plain"), ElementsAre("plain"));
  EXPECT_THAT(expand_braces("a-{008..011}.tar"),
              ElementsAre("a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"));
  EXPECT_THAT(expand_braces("{9..11}"), ElementsAre("9", "10", "11"));
  EXPECT_THAT(expand_braces("{2..0}"), ElementsAre("2", "1", "0"));
  EXPECT_THAT(expand_braces("{a,b}/{1..2}"), ElementsAre("a/1", "a/2", "b/1", "b/2"));
  EXPECT_THAT(expand_braces("x{a,{1..2},}"), ElementsAre("xa", "x1", "x2", "x"));
}

TEST(ExpandBraces, RefusesWhatIsMalformedOrEndless) {
  for (const char* pattern :
       {"{", "a{1..2", "{}", "{abc}", "{1..b}", "{-1..2}", "{0..99999999}", "{0..9999}{0..9999}"}) {
    EXPECT_THROW(expand_braces(pattern), DataError) << pattern;
  }
}

TEST(ExpandPatterns, FindsExistingFiles) {
  const TemporaryFolder folder;
  for (const char* name : {"b.tar", "a.tar", "c.txt"}) write_bytes(folder / name, "x");
  const std::string root = folder.path().string() + "/";
  EXPECT_THAT(expand_patterns({root + "*.tar"}), ElementsAre(root + "a.tar", root + "b.tar"));
  EXPECT_THAT(expand_patterns({root + "c.txt", root + "{b,a}.tar"}),
              ElementsAre(root + "c.txt", root + "b.tar", root + "a.tar"));
  EXPECT_THROW(expand_patterns({root + "d*.tar"}), DataError);
  EXPECT_THROW(expand_patterns({root + "{a..d}.tar"}), DataError);
  EXPECT_THROW(expand_patterns({root + "{a,d}.tar"}), DataError);
}

}  // namespace
}  // namespace echelon::data
