// As tests/data/exactness_test.cpp, for what libechelon_arrow.so reads. golden/make_samples.py wrote the
// file.
#include <gtest/gtest.h>

#include "common/random.h"
#include "data/support/one_sequence.h"

namespace echelon::data {
namespace {

const std::string kSamples = ECHELON_SOURCE_DIR "/tests/data/golden/samples.parquet";

class TableExactness : public testing::Test {
 protected:
  OneSequence sequence(const std::string& yaml, ModelInput model) const { return {folder_, yaml, model}; }
  TemporaryFolder folder_;
};

TEST_F(TableExactness, RowsOfText) {
  RandomStream random(3);
  std::string csv = "a,kind,y\n", lines;
  for (int i = 0; i < 63; ++i) {
    const double a = random.normal(), y = random.normal();
    csv += str_format("{},kind {},{}\n", a, i % 4, y);
    lines += str_format("{{\"a\": {}, \"kind\": \"kind {}\", \"y\": {}}}\n", a, i % 4, y);
  }
  write_bytes(folder_ / "a.csv", csv);
  write_bytes(folder_ / "a.jsonl", lines);
  for (const char* rest :
       {"a.csv", "a.csv, last_batch: pad, shuffle: false", "a.jsonl, shuffle: {shards: 1}"}) {
    sequence(
        str_format(
            "name: table, features: {{a: float, kind: categorical}}, target: {{column: y, type: number}}, "
            "train: {}",
            rest),
        {})
        .expect_everywhere();
  }
}

TEST_F(TableExactness, RowsOfAMixture) {
  for (const auto& [name, rows] : {std::pair{"few", 7}, {"many", 41}}) {
    RandomStream random(static_cast<uint64_t>(rows));
    std::string csv = "a,kind,y\n";
    for (int i = 0; i < rows; ++i)
      csv += str_format("{},{} {},{}\n", random.normal(), name, i % 3, random.normal());
    write_bytes(folder_ / str_format("{}.csv", name), csv);
  }
  for (const char* rest : {"last_batch: drop", "last_batch: pad, shuffle: {shards: 1}"}) {
    sequence(str_format("name: table, features: {{a: float, kind: categorical}}, target: {{column: y, type: "
                        "number}}, sources: {{few: {{files: few.csv, weight: 0.2}}, many: {{files: many.csv, "
                        "weight: 0.8}}}}, {}",
                        rest),
             {})
        .expect_everywhere();
  }
}

TEST_F(TableExactness, RowsOfParquet) {
  for (const char* shuffle : {"true", "{shards: 2}"}) {
    sequence(str_format("name: table, train: {}, features: {{x: float, kind: categorical}}, "
                        "target: {{column: label, type: class}}, shuffle: {}",
                        kSamples, shuffle),
             {})
        .expect_everywhere();
  }
}

TEST_F(TableExactness, ImagesOfParquet) {
  for (const char* rest : {"shuffle: {shards: 2}", "last_batch: pad, augment: {flip: true, mixup: 0.2}"}) {
    sequence(str_format("name: images, train: {}, size: 8, {}", kSamples, rest), {.limit = 3})
        .expect_everywhere();
  }
}

TEST_F(TableExactness, TextsOfParquet) {
  sequence(str_format("name: text, train: {}, packing: none, sequence_length: 32", kSamples),
           {.limit = 256, .document_starts = true})
      .expect_everywhere();
}

}  // namespace
}  // namespace echelon::data
