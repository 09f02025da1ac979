#include "data/text/documents.h"

#include <gmock/gmock.h>

#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::HasSubstr;

class DocumentsTest : public testing::Test {
 protected:
  std::vector<std::string> read(const std::string& path, const DocumentRange& range = {}) {
    std::vector<std::string> texts;
    read_documents(
        storage_, path, {}, [&](const Document& document) { texts.push_back(document.at(0).text); }, range);
    return texts;
  }

  TemporaryFolder folder_;
  storage::Storage storage_;
};

// Every way to cut the file in two, and some to cut it in three: each line belongs to one part.
TEST_F(DocumentsTest, PartsOfAFileHoldEachLineOnce) {
  const std::string path = folder_ / "lines.jsonl";
  const std::string text =
      "{\"text\": \"a\"}\n\n{\"text\": \"bb\"}\r\n   \n{\"text\": \"\"}\n{\"text\": \"last, without end\"}";
  write_file_atomically(path, text);
  const std::vector<std::string> whole = read(path);
  EXPECT_EQ(whole, (std::vector<std::string>{"a", "bb", "", "last, without end"}));
  const auto bytes = static_cast<int64_t>(text.size());
  for (int64_t first = 0; first <= bytes; ++first) {
    for (int64_t second = first; second <= bytes; second += 3) {
      std::vector<std::string> parts;
      for (const DocumentRange& range : {DocumentRange{0, first}, {first, second}, {second, bytes}}) {
        if (range.begin == range.end) continue;
        for (std::string& document : read(path, range)) parts.push_back(std::move(document));
      }
      ASSERT_EQ(parts, whole) << first << ", " << second;
    }
  }
}

TEST_F(DocumentsTest, ADamagedLineOfAPartIsNamedByItsOffset) {
  const std::string path = folder_ / "lines.jsonl";
  write_file_atomically(path, "{\"text\": \"a\"}\n{\"text\": 1}\n{\"txt\": \"b\"}\n");
  const auto problem = [&](const DocumentRange& range) -> std::string {
    try {
      read(path, range);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(problem({}), path + ", line 3: there is no member \"text\"");
  EXPECT_EQ(problem({3, 100}), path + ", offset 26: there is no member \"text\"");
  int64_t documents = 0;
  const auto count = [&](const Document&) { ++documents; };
  EXPECT_EQ(read_documents(storage_, path, {.skip_damaged = true}, count, {3, 100}), 1);
  EXPECT_EQ(documents, 1);
}

}  // namespace
}  // namespace echelon::data
