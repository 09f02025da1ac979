#include "prepare/manifest.h"

#include <gmock/gmock.h>

#include "common/error.h"

namespace echelon::prepare {
namespace {

using testing::HasSubstr;

Manifest example() {
  return {.kind = "text",
          .settings = "input: [a.txt]\n",
          .inputs = {{"a.txt", 12, "version"}, {"b \"é\".txt", 7}},
          .counts = {{"documents", 3}, {"tokens", 17}},
          .files = {{"shard-00000-000.tokens", 98, "99aa06d3014798d86001c324468d497f", {{"tokens", 17}}}}};
}

TEST(Manifest, ComesBackAsItWas) {
  const std::string text = render_manifest(example());
  const Manifest read = parse_manifest(text, "manifest.json");
  EXPECT_EQ(render_manifest(read), text);
  EXPECT_EQ(read.kind, "text");
  EXPECT_EQ(read.settings, "input: [a.txt]\n");
  EXPECT_EQ(read.inputs[1].name, "b \"é\".txt");
  EXPECT_EQ(read.inputs[0].bytes, 12);
  EXPECT_EQ(read.inputs[0].version, "");
  EXPECT_EQ(read.counts, example().counts);
  EXPECT_EQ(read.files[0].checksum, "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(read.files[0].counts.at("tokens"), 17);
}

TEST(Manifest, DamageIsNamed) {
  const std::string text = render_manifest(example());
  const auto problem = [](const std::string& damaged) -> std::string {
    try {
      parse_manifest(damaged, "out/manifest.json");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(problem("{}"), HasSubstr("out/manifest.json is damaged"));
  EXPECT_THAT(problem(R"({"format": "other", "version": 1})"), HasSubstr("is no manifest of prepared data"));
  for (size_t length = 0; length + 2 < text.size(); ++length)
    EXPECT_THAT(problem(text.substr(0, length)), HasSubstr("out/manifest.json is damaged")) << length;
}

}  // namespace
}  // namespace echelon::prepare
