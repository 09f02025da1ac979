// How fast a tokenizer encodes files, and how fast one is trained on them.
//
//   tokenizer encode TOKENIZER THREADS FILE…
//   tokenizer train VOCABULARY THREADS RESULT FILE…
//
// Prints one JSON object: the best of five passes in MB/s with the number of tokens and the sum of their
// ids, or the seconds of training.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <numeric>

#include "common/file.h"
#include "tokenizer/bpe_trainer.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace {

using namespace echelon;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> read_texts(char** first, char** last) {
  std::vector<std::string> texts;
  for (; first != last; ++first) texts.push_back(tokenizer::replace_invalid_utf8(read_file(*first)));
  return texts;
}

void encode(const char* path, int threads, const std::vector<std::string>& texts) {
  const auto loaded = tokenizer::load_tokenizer(path);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  size_t bytes = 0, tokens = 0;
  uint64_t sum = 0;
  for (const std::string_view view : views) bytes += view.size();
  double best = 1e9;
  for (int pass = 0; pass < 5; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    const auto ids = loaded->encode_batch(views, threads, true);
    best = std::min(best, seconds_since(start));
    tokens = sum = 0;
    for (const auto& text : ids) {
      tokens += text.size();
      sum = std::accumulate(text.begin(), text.end(), sum);
    }
  }
  const double megabytes = static_cast<double>(bytes) / 1e6;
  const nlohmann::json figures{
      {"megabytes", megabytes}, {"tokens", tokens}, {"sum", sum}, {"rate", megabytes / best}};
  std::puts(figures.dump().c_str());
}

void train(int64_t vocabulary, int threads, const char* result, const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto start = std::chrono::steady_clock::now();
  tokenizer::BpeTrainer trainer(
      {.vocabulary = vocabulary, .special_tokens = {"<|endoftext|>"}, .threads = threads});
  trainer.add(views);
  const double counted = seconds_since(start);
  const tokenizer::TrainedBpe trained = trainer.train();
  const double seconds = seconds_since(start);
  write_file_atomically(result, trained.to_json());
  std::puts(nlohmann::json({{"counting", counted}, {"seconds", seconds}}).dump().c_str());
}

}  // namespace

int main(int count, char** arguments) try {
  if (count > 4 && std::strcmp(arguments[1], "encode") == 0) {
    encode(arguments[2], std::atoi(arguments[3]), read_texts(arguments + 4, arguments + count));
  } else if (count > 5 && std::strcmp(arguments[1], "train") == 0) {
    train(std::atoll(arguments[2]), std::atoi(arguments[3]), arguments[4],
          read_texts(arguments + 5, arguments + count));
  } else {
    std::fputs("tokenizer encode TOKENIZER THREADS FILE… | tokenizer train VOCABULARY THREADS RESULT FILE…\n",
               stderr);
    return 2;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
