#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error.h"
#include "data/image/source.h"
#include "data/support/tar_writer.h"
#include "temporary_folder.h"

namespace echelon::data {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class FolderSourceTest : public testing::Test {
 protected:
  FolderSourceTest() {
    write("cat/2.png", "cat two");
    write("cat/1.JPG", "cat one");
    write("cat/notes.txt", "");
    write("ant/nested/deep.jpeg", "ant");
    write("dog/0.png", "dog");
  }
  void write(const std::string& name, const std::string& bytes) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    write_bytes(path, bytes);
  }
  std::string root() const { return folder_.path(); }
  std::string refusal(const std::vector<std::string>& classes, int64_t limit) {
    try {
      open_class_folders(root(), classes, {.classes = limit});
    } catch (const DataError& error) {
      return error.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
};

TEST_F(FolderSourceTest, NumbersClassesByName) {
  EXPECT_THAT(class_names_in(root()), ElementsAre("ant", "cat", "dog"));
  const auto source = open_class_folders(root(), class_names_in(root()), {.classes = 3});
  ASSERT_EQ(source->size(), 4);
  const std::vector<std::string> places{"ant/nested/deep.jpeg", "cat/1.JPG", "cat/2.png", "dog/0.png"};
  const std::vector<std::string> contents{"ant", "cat one", "cat two", "dog"};
  const std::vector<int64_t> labels{0, 1, 1, 2};
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(source->label(i), labels[i]);
    source->read(i, bytes);
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), contents[i]);
    EXPECT_THAT(source->place(i), EndsWith(places[i]));
  }
}

TEST_F(FolderSourceTest, TakesTheNumbersOfTheTrainingClasses) {
  const auto source = open_class_folders(root(), {"ant", "bee", "cat", "dog"}, {.classes = 4});
  EXPECT_EQ(source->label(3), 3);
  EXPECT_THAT(refusal({"ant", "cat"}, 3), HasSubstr("dog: no such class in the training data"));
}

TEST_F(FolderSourceTest, RefusesMoreClassesThanTheModelHasAndEmptyOnes) {
  EXPECT_THAT(refusal({"ant", "cat", "dog"}, 2), HasSubstr("dog: class number 2 lies outside the 2 classes"));
  write("eel/notes.txt", "");
  EXPECT_THAT(refusal({"ant", "cat", "dog", "eel"}, 4), HasSubstr("eel: the class folder holds no .jpg"));
  const auto source =
      open_class_folders(root(), class_names_in(root()), {.classes = 4, .skip_damaged = true});
  EXPECT_EQ(source->size(), 4);
  EXPECT_EQ(source->left_out(), 1);
}

}  // namespace
}  // namespace echelon::data
