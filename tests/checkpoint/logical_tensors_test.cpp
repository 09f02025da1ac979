#include "checkpoint/logical_tensors.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <random>

#include "common/error.h"
#include "common/format.h"
#include "temporary_folder.h"

namespace echelon::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// Files of a folder of their own, in the order given.
class Files {
 public:
  LogicalTensors open(const std::vector<NamedTensors>& contents) {
    std::vector<SafetensorsFile> files;
    for (const NamedTensors& tensors : contents) {
      const fs::path path = folder_ / str_format("{}.safetensors", files.size());
      write_safetensors(path, tensors);
      files.emplace_back(path);
    }
    return LogicalTensors(std::move(files));
  }

 private:
  TemporaryFolder folder_;
};

at::Tensor count_up(int64_t begin, int64_t end) {
  return at::arange(begin, end, at::kFloat);
}

TEST(LogicalTensors, PieceNames) {
  EXPECT_EQ(piece_name("block.0.weight", 0, 4096), "block.0.weight[0:4096]");
}

TEST(LogicalTensors, AreThoseOfAllFiles) {
  Files files;
  const LogicalTensors tensors = files.open({{{"a", count_up(0, 4).view({2, 2})}, {"c[0:2]", count_up(0, 2)}},
                                             {{"b", at::scalar_tensor(7, at::kLong)}},
                                             {{"c[2:6]", count_up(2, 6)}, {"empty", at::empty({0, 3})}}});
  EXPECT_THAT(tensors.names(), ElementsAre("a", "b", "c", "empty"));
  const at::Tensor a = at::zeros({2, 2}), b = at::zeros({}, at::kLong), c = at::zeros({3, 2});
  tensors.copy("a", a);
  tensors.copy("b", b);
  tensors.copy("c", c);
  tensors.copy("empty", at::zeros({0, 3}));
  EXPECT_TRUE(at::equal(a, count_up(0, 4).view({2, 2})));
  EXPECT_EQ(b.item<int64_t>(), 7);
  EXPECT_TRUE(at::equal(c, count_up(0, 6).view({3, 2})));
}

TEST(LogicalTensors, GiveAnyRangeOfAnyPieces) {
  std::mt19937 random(3);
  const auto up_to = [&](int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(random); };
  for (int round = 0; round < 50; ++round) {
    const int64_t rows = 1 + up_to(9), elements = 3 * rows;
    std::vector<NamedTensors> contents(static_cast<size_t>(1 + up_to(3)));
    for (int64_t begin = 0; begin < elements;) {
      const int64_t end = std::min(elements, begin + 1 + up_to(elements / 2));
      const auto file = static_cast<size_t>(up_to(static_cast<int64_t>(contents.size()) - 1));
      contents[file][piece_name("w", begin, end)] = count_up(begin, end);
      begin = end;
    }
    Files files;
    const LogicalTensors tensors = files.open(contents);
    for (int read = 0; read < 20; ++read) {
      const int64_t begin = up_to(elements), end = begin + up_to(elements - begin);
      const at::Tensor found = at::zeros({end - begin});
      tensors.copy("w", {rows, 3}, begin, found);
      ASSERT_TRUE(at::equal(found, count_up(begin, end))) << begin << " " << end;
    }
  }
}

TEST(LogicalTensors, CutWholeTensors) {
  Files files;
  const LogicalTensors tensors = files.open({{{"w", count_up(0, 12).view({3, 4})}}});
  const at::Tensor part = at::zeros({5});
  tensors.copy("w", {3, 4}, 6, part);
  EXPECT_TRUE(at::equal(part, count_up(6, 11)));
}

TEST(LogicalTensors, RefuseWhatDoesNotFit) {
  Files files;
  const LogicalTensors tensors =
      files.open({{{"whole", count_up(0, 6).view({2, 3})}, {"cut[0:4]", count_up(0, 4)}},
                  {{"cut[6:8]", count_up(6, 8)}}});
  EXPECT_THAT(
      [&] {
        tensors.copy("hole", at::zeros({2, 3}));
      },
      ThrowsMessage<CheckpointError>(HasSubstr("has no tensor 'hole'; the nearest name in it is 'whole'")));
  EXPECT_THAT(
      [&] {
        tensors.copy("whole", at::zeros({3, 2}));
      },
      ThrowsMessage<CheckpointError>(HasSubstr("of shape [2, 3]")));
  EXPECT_THAT(
      [&] {
        tensors.copy("whole", at::zeros({2, 3}, at::kDouble));
      },
      ThrowsMessage<CheckpointError>(HasSubstr("is F32 of shape [2, 3], but Double")));
  EXPECT_THAT([&] { tensors.copy("cut", at::zeros({8}, at::kHalf)); },
              ThrowsMessage<CheckpointError>(HasSubstr("is F32")));
  EXPECT_THAT([&] { tensors.copy("cut", at::zeros({8})); },
              ThrowsMessage<CheckpointError>(HasSubstr("elements 4 to 8 of tensor 'cut' are missing")));
  EXPECT_THAT([&] { tensors.copy("cut", {10}, 5, at::zeros({5})); },
              ThrowsMessage<CheckpointError>(HasSubstr("elements 5 to 10 of tensor 'cut' are missing")));
  EXPECT_THAT([&] { tensors.copy("cut", {10}, 6, at::zeros({4})); },
              ThrowsMessage<CheckpointError>(HasSubstr("elements 8 to 10 of tensor 'cut' are missing")));
  EXPECT_THAT(
      [&] { tensors.copy("cut", at::zeros({4})); },
      ThrowsMessage<CheckpointError>(HasSubstr("has 8 elements or more, but one of shape [4] is needed")));
}

TEST(LogicalTensors, RefuseElementsThatAreThereTwice) {
  const auto open = [](const NamedTensors& first, const NamedTensors& second) {
    return [=] { Files().open({first, second}); };
  };
  const NamedTensors front = {{"w[0:6]", count_up(0, 6)}};
  EXPECT_THAT(open(front, {{"w[0:6]", count_up(0, 6)}}),
              ThrowsMessage<CheckpointError>(HasSubstr("1.safetensors: 'w[0:6]' is stored twice")));
  EXPECT_THAT(
      open(front, {{"w[5:7]", count_up(5, 7)}}),
      ThrowsMessage<CheckpointError>(HasSubstr("1.safetensors: 'w[5:7]' holds elements that 'w[0:6]' in ")));
  EXPECT_THAT(
      open({{"w[3:5]", count_up(3, 5)}}, {{"w", count_up(0, 6)}}),
      ThrowsMessage<CheckpointError>(HasSubstr("0.safetensors: 'w[3:5]' holds elements that 'w' in ")));
  EXPECT_NO_THROW(open(front, {{"w[6:7]", count_up(6, 7)}})());
}

TEST(LogicalTensors, RefusePiecesOfAnotherLength) {
  for (const char* name : {"w[0:5]", "w[2:5]", "w[4:0]"}) {
    EXPECT_THAT(
        [&] {
          Files().open({{{name, count_up(0, 4)}}});
        },
        ThrowsMessage<CheckpointError>(
            HasSubstr(str_format("'{}' has another length than its name says", name))))
        << name;
  }
}

TEST(LogicalTensors, TakeOtherNamesAsTheyAre) {
  Files files;
  const std::vector<std::string> names = {"w[0:4", "w[:4]", "w[0:]", "w[a:b]", "w[-1:3]", "w0:4]", "w[0:4] "};
  NamedTensors contents;
  for (const std::string& name : names) contents[name] = count_up(0, 4);
  const LogicalTensors tensors = files.open({contents});
  EXPECT_THAT(tensors.names(), testing::UnorderedElementsAreArray(names));
}

}  // namespace
}  // namespace echelon::checkpoint
