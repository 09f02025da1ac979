#include "tokenizer/unigram.h"

#include <gtest/gtest.h>

#include <random>

#include "common/error.h"

namespace echelon::tokenizer {
namespace {

/// The best sum of scores over all ways to cut `word`; -1e9 when there is none.
double best_by_trying(const std::string& word, const Vocabulary& vocabulary,
                      const std::vector<double>& scores) {
  if (word.empty()) return 0;
  double best = -1e9;
  for (size_t length = 1; length <= word.size(); ++length) {
    const auto id = vocabulary.find(word.substr(0, length));
    if (id) best = std::max(best, scores[*id] + best_by_trying(word.substr(length), vocabulary, scores));
  }
  return best;
}

TEST(Unigram, FindsTheBestCut) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> score(-9, -1);
  ModelWorkspace workspace;
  for (int round = 0; round < 200; ++round) {
    Vocabulary vocabulary;
    UnigramSettings settings;
    for (const char* token : {"a", "b", "c", "ab", "bc", "abc", "ca", "aa", "bca", "cab"}) {
      vocabulary.add(token, static_cast<uint32_t>(settings.scores.size()));
      settings.scores.push_back(score(random));
    }
    std::string word(1 + random() % 10, 'a');
    for (char& letter : word) letter = static_cast<char>('a' + random() % 3);
    const double expected = best_by_trying(word, vocabulary, settings.scores);
    const auto model = make_unigram(vocabulary, settings);
    Ids ids;
    model->encode(word, workspace, ids);
    double sum = 0;
    std::string joined;
    for (const uint32_t id : ids) {
      sum += settings.scores[id];
      joined += *vocabulary.token(id);
    }
    EXPECT_EQ(joined, word);
    EXPECT_NEAR(sum, expected, 1e-9) << word;
  }
}

TEST(Unigram, JoinsWhatIsUnknown) {
  Vocabulary vocabulary;
  for (const char* token : {"<unk>", "a"}) vocabulary.add(token, static_cast<uint32_t>(vocabulary.size()));
  ModelWorkspace workspace;
  Ids ids;
  make_unigram(vocabulary, {.scores = {0, -1}, .unknown = 0})->encode("axyéa", workspace, ids);
  EXPECT_EQ(ids, (Ids{1, 0, 1}));
  EXPECT_THROW(make_unigram(vocabulary, {.scores = {0, -1}})->encode("x", workspace, ids), DataError);
}

}  // namespace
}  // namespace echelon::tokenizer
