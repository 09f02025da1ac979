#include "data/text/token_shard.h"

#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "inspect/subjects.h"
#include "tokenizer/tokenizer.h"

namespace echelon::inspect {
namespace {

using data::TokenShard;
using data::TokenShardHeader;

constexpr int64_t kShownTokens = 200;  // of a document

struct Span {
  int64_t begin, end;
};

/// Where the documents lie; a shard without a list of them is one.
std::vector<Span> documents_of(const TokenShard& shard) {
  std::vector<Span> documents;
  int64_t begin = 0;
  for (const uint64_t end : shard.document_ends()) {
    documents.push_back({begin, static_cast<int64_t>(end)});
    begin = static_cast<int64_t>(end);
  }
  if (documents.empty() && shard.header().tokens > 0) documents.push_back({0, shard.header().tokens});
  return documents;
}

uint32_t token_at(const TokenShard& shard, int64_t i) {
  const auto width = static_cast<size_t>(shard.header().token_bytes);
  uint32_t token = 0;
  std::memcpy(&token, shard.tokens().data() + static_cast<size_t>(i) * width, width);
  return token;
}

int64_t targets_in(const TokenShard& shard) {
  int64_t count = 0;
  for (int64_t i = 0; i < shard.header().tokens; ++i) count += shard.is_target(i) ? 1 : 0;
  return count;
}

/// Tokens that the vocabulary of the header does not have.
void check_tokens(const TokenShard& shard, Report& report) {
  const int64_t vocabulary = shard.header().vocabulary;
  for (int64_t i = 0; i < shard.header().tokens; ++i) {
    const uint32_t token = token_at(shard, i);
    if (token < vocabulary) continue;
    report.problem(str_format("token {} at {} lies outside the vocabulary of {}", token, i, vocabulary));
  }
}

void check_checksum(const TokenShard& shard, Report& report) {
  if (shard.header().checksum == 0) return report.row("checksum", "none was made");
  try {
    shard.verify();
    report.row("checksum", str_format("{:016x}, verified", shard.header().checksum));
  } catch (const DataError& error) {
    report.row("checksum", "wrong");
    report.problem(error.what());
  }
}

void show_documents(const TokenShard& shard, const std::vector<Span>& documents,
                    const InspectRequest& request, Report& report) {
  const auto tokenizer = tokenizer::load_tokenizer(request.tokenizer);
  const size_t shown = std::min<size_t>(request.samples > 0 ? request.samples : 3, documents.size());
  for (size_t d = 0; d < shown; ++d) {
    const auto [begin, end] = documents[d];
    std::vector<uint32_t> ids;
    for (int64_t i = begin; i < std::min(end, begin + kShownTokens); ++i) ids.push_back(token_at(shard, i));
    const bool is_cut = end - begin > kShownTokens;
    report.line(str_format("document {}, {} tokens{}:", d, end - begin,
                           is_cut ? str_format(", the first {}", kShownTokens) : ""));
    report.line(tokenizer->decode(ids, /*skip_special_tokens=*/false));
  }
}

}  // namespace

Report inspect_token_shard(const File& file, const InspectRequest& request) {
  const TokenShard shard(file);
  const TokenShardHeader& header = shard.header();
  const std::vector<Span> documents = documents_of(shard);
  Distribution lengths;
  for (const Span& document : documents) lengths.add(document.end - document.begin);

  Report report(str_format("token shard {}", request.path));
  report.row("size", human_bytes(static_cast<double>(file->size())));
  report.row("tokens", str_format("{}, as uint{}", header.tokens, 8 * header.token_bytes));
  report.row("vocabulary", str_format("{}", header.vocabulary));
  report.row("documents", str_format("{}", documents.size()));
  report.row("lengths", lengths.text());
  if (header.has_targets) {
    report.row("targets", str_format("{} tokens are to be predicted, {} are only read", targets_in(shard),
                                     header.tokens - targets_in(shard)));
  }
  check_checksum(shard, report);
  check_tokens(shard, report);
  if (!request.tokenizer.empty()) show_documents(shard, documents, request, report);
  return report;
}

}  // namespace echelon::inspect
