#include "checkpoint/safetensors.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/error.h"
#include "common/random.h"
#include "temporary_folder.h"

namespace echelon::checkpoint {
namespace {

using testing::HasSubstr;

const std::map<std::string, at::ScalarType> kTypes{
    {"f64", at::kDouble},    {"f32", at::kFloat}, {"f16", at::kHalf},
    {"bf16", at::kBFloat16}, {"i64", at::kLong},  {"i32", at::kInt},
    {"i16", at::kShort},     {"i8", at::kChar},   {"u8", at::kByte},
};

NamedTensors every_type() {
  NamedTensors tensors;
  for (const auto& [name, type] : kTypes) tensors[name] = at::arange(12, type).reshape({3, 4});
  tensors["bool"] = at::tensor({1, 0, 1}).to(at::kBool);
  tensors["scalar"] = at::scalar_tensor(2.5, at::kFloat);
  tensors["empty"] = at::empty({0, 5});
  return tensors;
}

void expect_equal(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.scalar_type(), expected.scalar_type());
  EXPECT_EQ(found.sizes(), expected.sizes());
  EXPECT_TRUE(at::equal(found, expected));
}

void write_text(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string with_length(const std::string& json, const std::string& data = "") {
  const uint64_t length = json.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + json + data;
}

/// The message with which a file of this content is refused.
std::string refusal(const std::string& content) {
  const TemporaryFolder folder;
  write_text(folder / "f.safetensors", content);
  try {
    const SafetensorsFile file(folder / "f.safetensors");
    file.views();
  } catch (const CheckpointError& error) {
    EXPECT_THAT(error.what(), HasSubstr("f.safetensors"));
    return error.what();
  }
  return "accepted";
}

TEST(Safetensors, RoundTripOfEveryType) {
  const TemporaryFolder folder;
  const WrittenFile written = write_safetensors(folder / "f.safetensors", every_type(), {{"format", "pt"}});
  const SafetensorsFile file(folder / "f.safetensors");
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
  EXPECT_EQ(file.bytes(), written.bytes);
  EXPECT_EQ(file.checksum(), written.checksum);
  const NamedTensors expected = every_type();
  ASSERT_EQ(file.tensors().size(), expected.size());
  for (const auto& [name, tensor] : file.views()) expect_equal(tensor, expected.at(name));
}

TEST(Safetensors, ReadsWhatPythonWrote) {
  const SafetensorsFile file(fs::path(ECHELON_SOURCE_DIR) / "tests/golden/safetensors_file.safetensors");
  const NamedTensors expected = every_type();  // tests/golden/safetensors_file.py makes the same
  ASSERT_EQ(file.tensors().size(), expected.size());
  for (const auto& [name, tensor] : file.views()) expect_equal(tensor, expected.at(name));
  EXPECT_EQ(file.metadata().at("note"), "größer");
}

TEST(Safetensors, EqualTensorsGiveEqualBytesAndDataStartsAligned) {
  const TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", every_type());
  write_safetensors(folder / "b.safetensors", every_type());
  const std::string bytes = read_file(folder / "a.safetensors");
  EXPECT_EQ(bytes, read_file(folder / "b.safetensors"));
  const SafetensorsFile file(folder / "a.safetensors");
  for (const TensorEntry& entry : file.tensors()) {
    EXPECT_EQ(entry.begin % c10::elementSize(entry.dtype), 0) << entry.name;
  }
  EXPECT_EQ((8 + static_cast<unsigned char>(bytes[0]) + 256 * static_cast<unsigned char>(bytes[1])) % 8, 0);
}

TEST(Safetensors, StoresStridedTensorsPacked) {
  const TemporaryFolder folder;
  const at::Tensor base = at::arange(24, at::kFloat).reshape({4, 6});
  write_safetensors(
      folder / "f",
      {{"transposed", base.t()}, {"slice", base.slice(1, 1, 6, 2)}, {"grad", base.clone().requires_grad_()}});
  const SafetensorsFile file(folder / "f");
  expect_equal(file.view("transposed"), base.t());
  expect_equal(file.view("slice"), base.slice(1, 1, 6, 2));
  expect_equal(file.view("grad"), base);
}

TEST(Safetensors, ViewsOutliveTheFileObject) {
  const TemporaryFolder folder;
  write_safetensors(folder / "f", {{"x", at::arange(1000)}});
  at::Tensor view = SafetensorsFile(folder / "f").view("x");
  fs::remove(folder / "f");
  EXPECT_EQ(view.sum().item<int64_t>(), 499'500);
}

TEST(Safetensors, ReadsTensorsThatAreNotAligned) {
  const std::string json = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                           R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})";
  const float value = 3.5;
  const TemporaryFolder folder;
  write_text(folder / "f", with_length(json, "\1" + std::string(reinterpret_cast<const char*>(&value), 4)));
  const SafetensorsFile file(folder / "f");
  EXPECT_EQ(file.view("b").item<float>(), 3.5F);
  EXPECT_EQ(file.view("a").item<int>(), 1);
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

TEST(Safetensors, RefusesWrongHeadersWithTheReason) {
  const std::string eight(8, '\0');
  EXPECT_THAT(refusal(""), HasSubstr("truncated"));
  EXPECT_THAT(refusal("\1\0\0"), HasSubstr("truncated"));
  EXPECT_THAT(refusal(with_length("{}").substr(0, 9)),
              HasSubstr("should end at byte 10, but the file ends at byte 9"));
  EXPECT_THAT(refusal(std::string(8, '\xff')), HasSubstr("the format allows 100000000"));
  EXPECT_THAT(refusal(with_length("")), HasSubstr("does not start"));
  EXPECT_THAT(refusal(with_length("[1]")), HasSubstr("does not start"));
  EXPECT_THAT(refusal(with_length(R"({"a":)")), HasSubstr("not JSON at byte 14"));
  EXPECT_THAT(refusal(with_length("{\"\xff\":1}")), HasSubstr("not JSON"));
  EXPECT_THAT(refusal(with_length(R"({"w":{"dtype":"F32"}})")),
              HasSubstr("exactly dtype, shape and data_offsets"));
  EXPECT_THAT(refusal(with_length(one("\"F8\"", "[2]", "[0,8]"), eight)), HasSubstr("unknown type \"F8\""));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[-2]", "[0,8]"), eight)), HasSubstr("holds -2"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[2.0]", "[0,8]"), eight)), HasSubstr("holds 2.0"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "2", "[0,8]"), eight)), HasSubstr("not a list"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[2]", "[8,0]"), eight)), HasSubstr("takes 8 bytes"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[2]", "[0,12]"), eight)), HasSubstr("takes 8 bytes"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[2]", "[0]"), eight)), HasSubstr("not two byte positions"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[4]", "[0,16]"), eight)),
              HasSubstr("tensor 'w' ends at byte 16"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[1]", "[0,4]"), eight)), HasSubstr("4 bytes from byte"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[1]", "[4,8]"), eight)), HasSubstr("hole of 4 bytes"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[0,4611686018427387904,4]", "[0,0]"))),
              HasSubstr("too large"));
  EXPECT_THAT(refusal(with_length(one("\"F32\"", "[4611686018427387904,4]", "[0,8]"), eight)),
              HasSubstr("too large"));
  EXPECT_THAT(refusal(with_length(one("\"BOOL\"", "[1]", "[0,1]"), "\2")), HasSubstr("byte 0 of it is 2"));
  EXPECT_THAT(refusal(with_length(R"({"__metadata__":{"a":1}})")), HasSubstr("not text"));
  EXPECT_THAT(refusal(with_length(R"({"w":)" + std::string(100'000, '['))), HasSubstr("nested"));
  const std::string entry = R"("w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_THAT(refusal(with_length("{" + entry + "," + entry + "}", "x")), HasSubstr("names 'w' twice"));
  const std::string other = R"("v":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_THAT(refusal(with_length("{" + entry + "," + other + "}", "x")), HasSubstr("overlaps"));
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TemporaryFolder folder;
  write_safetensors(folder / "f", {{"a", at::arange(3, at::kFloat)}, {"b", at::arange(5, at::kByte)}});
  const std::string whole = read_file(folder / "f");
  ASSERT_EQ(refusal(whole), "accepted");
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted") << "at " << length;
  }
  EXPECT_NE(refusal(whole + "x"), "accepted");
}

// Whatever the bits say, the reader refuses or reads within bounds; the checksum tells apart what the
// structure cannot.
TEST(Safetensors, FlippedBitsNeverPassUnnoticed) {
  const TemporaryFolder folder;
  const NamedTensors tensors = every_type();
  const WrittenFile written = write_safetensors(folder / "f", tensors, {{"format", "pt"}});
  std::fstream bytes(folder / "f", std::ios::in | std::ios::out | std::ios::binary);
  const auto flip = [&](uint64_t position, int bit) {
    bytes.seekg(static_cast<std::streamoff>(position));
    const char altered = static_cast<char>(bytes.get() ^ (1 << bit));
    bytes.seekp(static_cast<std::streamoff>(position));
    bytes.put(altered).flush();
  };
  RandomStream random(7);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t position = random.below(written.bytes);
    const int bit = static_cast<int>(random.below(8));
    flip(position, bit);
    try {
      const SafetensorsFile file(folder / "f");
      EXPECT_NE(file.checksum(), written.checksum);
      // Reading every element is what shows, under a sanitizer, that nothing lies out of bounds.
      for (const auto& [name, tensor] : file.views()) {
        EXPECT_TRUE(at::equal(tensor.clone(), tensor) || tensor.isnan().any().item<bool>()) << name;
      }
    } catch (const CheckpointError&) {
      ++refused;
    }
    flip(position, bit);
  }
  EXPECT_EQ(SafetensorsFile(folder / "f").checksum(), written.checksum);
  EXPECT_GT(refused, 1000);
}

TEST(Safetensors, WriterNamesFileAndReason) {
  const std::string device = "/dev/full";  // every write to it fails as on a full disk (full(4))
  try {
    write_safetensors(device, every_type());
    FAIL();
  } catch (const CheckpointError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot write /dev/full: No space left on device"));
  }
  EXPECT_THROW(write_safetensors("/nowhere/f", every_type()), CheckpointError);
  EXPECT_THROW(SafetensorsFile("/nowhere/f"), CheckpointError);
  const TemporaryFolder folder;
  EXPECT_THROW(write_safetensors(folder / "f", {{"c", at::zeros({2}, at::kComplexFloat)}}), CheckpointError);
}

}  // namespace
}  // namespace echelon::checkpoint
