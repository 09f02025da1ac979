#include "data/open_files.h"

#include "comm/communicator.h"
#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/table/dataset.h"
#include "data/table/tables.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

constexpr double kMebibyte = 1 << 20;

std::vector<TableBlock> blocks_of(const std::vector<std::shared_ptr<const table::TableFile>>& files) {
  std::vector<TableBlock> blocks;
  for (const auto& file : files) {
    for (size_t i = 0; i < file->blocks().size(); ++i) {
      blocks.push_back({file, static_cast<int64_t>(i)});
      if (blocks.back().rows() == 0) blocks.pop_back();
    }
  }
  return blocks;
}

/// Reads every block once, shared out, and removes those that cannot be read; returns how many rows went.
int64_t remove_damaged(std::vector<TableBlock>& blocks, const table::FeatureEncoder& encoder,
                       Communicator* communicator) {
  const auto try_one = [&](int64_t i) -> std::string {
    const TableBlock& block = blocks[static_cast<size_t>(i)];
    try {
      block.file->read(block.block, encoder.columns());
      return "";
    } catch (const DataError& error) {
      return error.what();
    }
  };
  const std::vector<std::string> problems =
      work::share_work(static_cast<int64_t>(blocks.size()), try_one, communicator);
  std::vector<TableBlock> intact;
  int64_t rows = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (problems[i].empty()) {
      intact.push_back(blocks[i]);
      continue;
    }
    if (rows == 0) log::info("left out damaged rows (others are counted): {}", problems[i]);
    rows += blocks[i].rows();
  }
  blocks = std::move(intact);
  return rows;
}

void warn_of_memory(const TableSettings& settings, const TableDataset& dataset, const OpenRequest& request) {
  const double needed = static_cast<double>(dataset.size() * dataset.bytes_a_row());
  const bool mixes_all = settings.shuffle.enabled && !settings.shuffle.shards;
  if (needed <= settings.memory_mb * kMebibyte || !mixes_all || request.split != Split::kTrain) return;
  if (request.communicator != nullptr && request.communicator->rank() != 0) return;
  log::warning(
      "{} rows take {} as numbers, more than data.memory_mb allows: read in random order, blocks are read "
      "again and again; set data.memory_mb to {:.0f}, or shuffle: {{shards: 8}}",
      dataset.size(), human_bytes(needed), needed / kMebibyte + 1);
}

}  // namespace

std::shared_ptr<const Dataset> open_files(const TableSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request) {
  const auto tables = request.tables ? request.tables : std::make_shared<const Tables>(settings, request);
  Tables::Opened opened = tables->open_all(expand(inputs, request), request);
  if (opened.left_out > 0)
    log::info("left out a damaged table (others are counted): {}", opened.first_problem);
  std::vector<TableBlock> blocks = blocks_of(opened.files);
  TableDatasetOptions options{.memory_bytes = static_cast<int64_t>(settings.memory_mb * kMebibyte),
                              .left_out = opened.left_out};
  // Which samples there are must not depend on what is found out later.
  if (settings.on_error == OnError::kSkip && request.split == Split::kTrain)
    options.left_out += remove_damaged(blocks, tables->encoder(), request.communicator);
  if (blocks.empty())
    throw DataError(opened.left_out > 0 ? "no table is left: all are damaged" : "the tables hold no rows");
  auto dataset = std::make_shared<TableDataset>(std::move(blocks), tables->shared_encoder(), options);
  warn_of_memory(settings, *dataset, request);
  return dataset;
}

}  // namespace echelon::data
