#include <nlohmann/json.hpp>

#include "tokenizer/bpe_trainer.h"

namespace echelon::tokenizer {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson byte_level(bool add_prefix_space, bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

OrderedJson pre_tokenizer(const BpeTraining& training) {
  if (training.pattern == kGpt2Pattern) return byte_level(training.add_prefix_space, true);
  const OrderedJson split = {{"type", "Split"},
                             {"pattern", {{"Regex", training.pattern}}},
                             {"behavior", "Isolated"},
                             {"invert", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, byte_level(false, false)}}};
}

}  // namespace

std::string TrainedBpe::to_json() const {
  OrderedJson file = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}};
  OrderedJson& added = file["added_tokens"] = OrderedJson::array();
  for (size_t id = 0; id < training.special_tokens.size(); ++id) {
    added.push_back({{"id", id},
                     {"content", training.special_tokens[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  file["normalizer"] = nullptr;
  file["pre_tokenizer"] = pre_tokenizer(training);
  file["post_processor"] = byte_level(true, true);
  file["decoder"] = byte_level(true, true);
  OrderedJson& model = file["model"] = {{"type", "BPE"},
                                        {"dropout", nullptr},
                                        {"unk_token", nullptr},
                                        {"continuing_subword_prefix", nullptr},
                                        {"end_of_word_suffix", nullptr},
                                        {"fuse_unk", false},
                                        {"byte_fallback", false},
                                        {"ignore_merges", false}};
  model["vocab"] = OrderedJson::object();
  auto& vocabulary = model["vocab"].get_ref<OrderedJson::object_t&>();
  // Past the look for a key of that name among those before.
  for (size_t id = 0; id < tokens.size(); ++id) vocabulary.push_back({tokens[id], id});
  OrderedJson& pairs = model["merges"] = OrderedJson::array();
  for (const auto& [left, right] : merges) pairs.push_back(OrderedJson::array({tokens[left], tokens[right]}));
  return file.dump() + "\n";
}

}  // namespace echelon::tokenizer
