#include "storage/patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "common/file.h"
#include "storage/support/memory_store.h"
#include "temporary_folder.h"

namespace echelon::storage {
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
  for (const char* name : {"b.tar", "a.tar", "c.txt"}) write_file_atomically(folder / name, "x");
  const std::string root = folder.path().string() + "/";
  EXPECT_THAT(expand_patterns({root + "*.tar"}), ElementsAre(root + "a.tar", root + "b.tar"));
  EXPECT_THAT(expand_patterns({root + "c.txt", root + "{b,a}.tar"}),
              ElementsAre(root + "c.txt", root + "b.tar", root + "a.tar"));
  EXPECT_THROW(expand_patterns({root + "d*.tar"}), NoMatchError);
  EXPECT_THROW(expand_patterns({root + "{a..d}.tar"}), DataError);
  EXPECT_THROW(expand_patterns({root + "{a,d}.tar"}), NoMatchError);
}

MemoryStore make_store() {
  MemoryStore store;
  for (const char* path : {"b/train/a-1.tar", "b/train/a-0.tar", "b/train/notes.txt", "b/test/a-0.tar",
                           "b/test/deep/a-0.tar", "b/a-0.tar", "b/.hidden.tar"}) {
    store.objects.emplace(path, "x");
  }
  return store;
}

TEST(ExpandPatterns, MatchesObjectsLevelByLevel) {
  MemoryStore store = make_store();
  EXPECT_THAT(expand_patterns({"s3://b/train/*.tar"}, store),
              ElementsAre("s3://b/train/a-0.tar", "s3://b/train/a-1.tar"));
  EXPECT_THAT(expand_patterns({"s3://b/t*/a-?.tar"}, store),
              ElementsAre("s3://b/test/a-0.tar", "s3://b/train/a-0.tar", "s3://b/train/a-1.tar"));
  EXPECT_THAT(expand_patterns({"s3://b/*.tar"}, store), ElementsAre("s3://b/a-0.tar"));
  EXPECT_THAT(expand_patterns({"s3://b/*/[n-o]*.txt?region=x"}, store),
              ElementsAre("s3://b/train/notes.txt?region=x"));
  EXPECT_THROW(expand_patterns({"s3://b/train/*.jpg"}, store), NoMatchError);
  EXPECT_THROW(expand_patterns({"s3://*/train"}, store), DataError);
}

TEST(ExpandPatterns, LooksObjectsUpSinglyOrByTheirFolder) {
  MemoryStore store = make_store();
  EXPECT_THAT(expand_patterns({"s3://b/train/a-{1..0}.tar"}, store),
              ElementsAre("s3://b/train/a-1.tar", "s3://b/train/a-0.tar"));
  EXPECT_EQ(store.listed, 0);
  EXPECT_EQ(store.looked_up, 2);
  EXPECT_THROW(expand_patterns({"s3://b/train/a-2.tar"}, store), NoMatchError);

  for (int i = 0; i < 100; ++i) store.objects.emplace(str_format("b/many/{:03}", i), "x");
  store.looked_up = 0;
  EXPECT_EQ(expand_patterns({"s3://b/many/{000..099}"}, store).size(), 100u);
  EXPECT_EQ(store.listed, 1);
  EXPECT_EQ(store.looked_up, 0);
  EXPECT_THROW(expand_patterns({"s3://b/many/{000..100}"}, store), DataError);
}

TEST(ExpandPatterns, LeavesStoresAloneWithoutOne) {
  EXPECT_THAT(expand_patterns({"s3://b/{1..2}/*"}), ElementsAre("s3://b/1/*", "s3://b/2/*"));
}

}  // namespace
}  // namespace echelon::storage
