#include "checkpoint/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/error.h"
#include "common/random.h"

namespace echelon::checkpoint {
namespace {

using testing::HasSubstr;

Manifest example() {
  Manifest m;
  m.echelon_version = "0.1.0";
  m.created = "2026-01-31T23:59:59Z";
  m.step = 1200;
  m.epoch = 2.5;
  m.consumed_samples = 76'800;
  m.seed = 18'446'744'073'709'551'615U;
  m.world_size = 4;
  m.model_family = "gpt";
  m.metrics = {{"loss", 0.1 + 0.2}, {"perplexity", NAN}};
  m.config = "name: \"größer\"\n";
  m.files = {{"model.safetensors", 123, "99aa06d3014798d86001c324468d497f"}};
  return m;
}

std::string refusal(const std::string& text) {
  try {
    parse_manifest(text, "run/manifest.json");
  } catch (const CheckpointError& error) {
    EXPECT_THAT(error.what(), HasSubstr("run/manifest.json"));
    return error.what();
  }
  return "accepted";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, RoundTrip) {
  const std::string text = render_manifest(example());
  const Manifest m = parse_manifest(text, "m");
  EXPECT_EQ(m.step, 1200);
  EXPECT_EQ(m.epoch, 2.5);
  EXPECT_EQ(m.consumed_samples, 76'800);
  EXPECT_EQ(m.seed, 18'446'744'073'709'551'615U);
  EXPECT_EQ(m.world_size, 4);
  EXPECT_EQ(m.model_family, "gpt");
  EXPECT_EQ(m.metrics.at("loss"), 0.1 + 0.2);  // every bit
  EXPECT_TRUE(std::isnan(m.metrics.at("perplexity")));
  EXPECT_EQ(m.config, "name: \"größer\"\n");
  ASSERT_EQ(m.files.size(), 1);
  EXPECT_EQ(m.files[0].bytes, 123);
  EXPECT_EQ(render_manifest(m), text);
}

TEST(Manifest, WrongContentIsNamed) {
  const std::string text = render_manifest(example());
  EXPECT_THAT(refusal(""), HasSubstr("parse error"));
  EXPECT_THAT(refusal("[]"), HasSubstr("not the manifest"));
  EXPECT_THAT(refusal("{\"format\": \"other\"}"), HasSubstr("not the manifest"));
  EXPECT_THAT(refusal(replaced(text, "\"format_version\": 1", "\"format_version\": 2")),
              HasSubstr("use a newer Echelon"));
  EXPECT_THAT(refusal(replaced(text, "\"step\": 1200", "\"step\": 1201")), HasSubstr("altered"));
  EXPECT_THAT(refusal(replaced(text, "\"checksum\"", "\"checksam\"")), HasSubstr("'checksum' is missing"));
}

TEST(Manifest, FileNamesStayInTheFolder) {
  for (const char* name : {"../model.safetensors", "/etc/passwd", ".hidden", ""}) {
    Manifest m = example();
    m.files[0].name = name;
    EXPECT_THAT(refusal(render_manifest(m)), HasSubstr("not the name of a file")) << name;
  }
}

// A flip may touch only white space; then the content must be the same.
TEST(Manifest, FlippedBitsAreRefusedOrReadEqual) {
  const std::string text = render_manifest(example());
  RandomStream random(3);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string altered = text;
    altered[random.below(altered.size())] ^= static_cast<char>(1 << random.below(8));
    try {
      EXPECT_EQ(render_manifest(parse_manifest(altered, "m")), text);
    } catch (const CheckpointError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 4000);
}

}  // namespace
}  // namespace echelon::checkpoint
