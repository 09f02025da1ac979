#include "data/open_files.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "common/stage_clock.h"
#include "data/text/dataset.h"
#include "data/text/open_texts.h"
#include "data/text/pairs.h"
#include "data/text/sequences.h"

namespace echelon::data {
namespace {

bool is_masked(const TextSettings& settings) {
  return std::holds_alternative<MaskedSettings>(settings.objective);
}

std::unique_ptr<Sequences> make_sequences(const TextSettings& settings,
                                          const std::vector<TokenSequence>& texts, TextRange range,
                                          uint64_t seed) {
  const StageScope scope(LoadStage::kPack);
  const SequenceShape shape{.length = settings.sequence_length, .following = is_masked(settings) ? 0 : 1};
  if (settings.packing == Packing::kBuckets)
    return bucketed_sequences(texts, range, shape, bucket_tokens(settings), derive_key(seed, "buckets"));
  const auto make = settings.packing == Packing::kStream      ? stream_sequences
                    : settings.packing == Packing::kDocuments ? packed_sequences
                                                              : single_sequences;
  return make(texts, range, shape);
}

/// The token that hides others.
int64_t find_mask(const MaskedSettings& settings, const OpenTexts& opened,
                  const std::string& tokenizer_path) {
  if (settings.mask_id) return *settings.mask_id;
  const std::optional<uint32_t> id = opened.tokenizer->token_to_id(settings.mask_token);
  if (!id) {
    throw DataError(
        str_format("{}: there is no token \"{}\"; set data.objective.masked.mask_token or mask_id",
                   tokenizer_path, settings.mask_token));
  }
  return *id;
}

std::optional<Masking> make_masking(const TextSettings& settings, const OpenTexts& opened, int64_t limit) {
  const auto* masked = std::get_if<MaskedSettings>(&settings.objective);
  if (masked == nullptr) return std::nullopt;
  Masking masking{.probability = masked->probability, .random = masked->random, .keep = masked->keep};
  masking.mask_id = find_mask(*masked, opened, settings.tokenizer ? settings.tokenizer->path : "");
  if (masking.mask_id >= limit) {
    throw DataError(
        str_format("the token that hides others, {}, lies outside the model's vocabulary of {}; set the "
                   "model's to at least {}",
                   masking.mask_id, limit, masking.mask_id + 1));
  }
  for (const TokenSequence& text : opened.texts)
    masking.vocabulary = std::max(masking.vocabulary, text.vocabulary());
  if (opened.tokenizer) {
    const std::vector<uint32_t> special = opened.tokenizer->special_ids();
    masking.never_chosen.assign(special.begin(), special.end());
  }
  return masking;
}

std::shared_ptr<const Dataset> open_pairs(const TextSettings& settings, const Seq2SeqSettings& pairs,
                                          TextRange range, OpenTexts opened, const OpenRequest& request) {
  if (pairs.start_id >= request.model.limit) {
    throw DataError(
        str_format("the token before a response, data.objective.seq2seq.start_id = {}, lies outside the "
                   "model's vocabulary of {}",
                   pairs.start_id, request.model.limit));
  }
  return std::make_shared<PairDataset>(std::move(opened.texts), range,
                                       PairOptions{.source_length = pairs.source_length,
                                                   .length = settings.sequence_length,
                                                   .start_id = pairs.start_id,
                                                   .vocabulary = request.model.limit,
                                                   .left_out = opened.left_out});
}

}  // namespace

std::shared_ptr<const Dataset> open_files(const TextSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request) {
  const std::vector<double>& shares =
      request.split == Split::kTrain ? settings.train_range : settings.test_range;
  const TextRange range{shares[0], shares[1]};
  OpenTexts opened = open_texts(expand(inputs, request), settings, request);
  if (const auto* pairs = std::get_if<Seq2SeqSettings>(&settings.objective))
    return open_pairs(settings, *pairs, range, std::move(opened), request);
  auto sequences = make_sequences(settings, opened.texts, range, request.seed);
  auto masking = make_masking(settings, opened, request.model.limit);
  const bool buckets = settings.packing == Packing::kBuckets;
  return std::make_shared<TextDataset>(
      std::move(opened.texts), std::move(sequences),
      TextOptions{.sequence_length = settings.sequence_length,
                  .targets_per_sample = buckets ? bucket_tokens(settings) : settings.sequence_length,
                  .vocabulary = request.model.limit,
                  .document_starts = request.model.document_starts,
                  .masking = std::move(masking),
                  .left_out = opened.left_out});
}

}  // namespace echelon::data
