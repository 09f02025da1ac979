// Runs a fuzz target (LLVMFuzzerTestOneInput) where libFuzzer is not there: on a corpus, and on inputs made
// of it by random changes, under whatever sanitizers the build has.
//
//   fuzz_NAME [-runs=N] [-seed=S] [-max_len=BYTES] [-save=FILE] FILE_OR_FOLDER…
//
// Every file is run as it is, then N inputs that are files with bytes changed, removed, repeated, or taken
// from another file, none longer than BYTES. What runs is in FILE first (by default `fuzz_input` in the
// working folder), so that it is there after a crash. The same seed gives the same inputs.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_corpus(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const fs::path& file : files) corpus.push_back(read(file));
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, uint64_t seed, size_t longest)
      : corpus_(corpus), random_(seed), longest_(longest) {}

  std::string next() {
    std::string input = any_input();
    for (size_t changes = 1 + below(3); changes > 0; --changes) change(input);
    input.resize(std::min(input.size(), longest_));
    return input;
  }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& any_input() { return corpus_[below(corpus_.size())]; }

  void change(std::string& input) {
    const size_t at = below(input.size() + 1), length = std::min(below(1 + below(64)), input.size() - at);
    switch (below(9)) {
      case 0:
        input.erase(at, length);
        break;
      case 1:
        input.insert(at, std::string(below(16), static_cast<char>(random_())));
        break;
      case 2:
        input.insert(at, input.substr(at, length));
        break;
      case 3: {
        const std::string& other = any_input();
        input.insert(at, other.substr(below(other.size() + 1), below(64)));
        break;
      }
      case 4:
        if (below(8) == 0) input.resize(at);
        break;
      case 5:
      case 6:  // within the letters that the input has: what is text stays text
        if (at < input.size()) input[at] = input[below(input.size())];
        break;
      default:
        if (at < input.size())
          input[at] = below(2) == 0 ? static_cast<char>(random_()) : input[at] ^ 1 << below(8);
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
  size_t longest_;
};

void run(const std::string& input, const fs::path& saved) {
  std::ofstream(saved, std::ios::binary) << input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int count, char** arguments) {
  uint64_t runs = 1000, seed = 1, longest = 1 << 20;
  fs::path saved = "fuzz_input";
  std::vector<fs::path> paths;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument.starts_with("-runs=")) {
      runs = std::stoull(arguments[i] + 6);
    } else if (argument.starts_with("-seed=")) {
      seed = std::stoull(arguments[i] + 6);
    } else if (argument.starts_with("-max_len=")) {
      longest = std::stoull(arguments[i] + 9);
    } else if (argument.starts_with("-save=")) {
      saved = arguments[i] + 6;
    } else {
      paths.emplace_back(argument);
    }
  }
  const std::vector<std::string> corpus = read_corpus(paths);
  if (corpus.empty()) {
    std::fputs("no file to begin with\n", stderr);
    return 2;
  }
  for (const std::string& input : corpus) run(input, saved);
  Mutator mutator(corpus, seed, longest);
  for (uint64_t i = 0; i < runs; ++i) run(mutator.next(), saved);
  fs::remove(saved);
  std::printf("%zu files and %llu inputs made of them\n", corpus.size(),
              static_cast<unsigned long long>(runs));
  return 0;
}
