#include "predict/task.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "predict/source/open_source.h"

namespace echelon::predict {
namespace {

constexpr int64_t kOpenFiles = 64;
constexpr int64_t kSharedBytes = int64_t{256} << 20;
constexpr int64_t kChunkBytes = int64_t{32} << 20;

std::vector<int64_t> count_blocks(const Plan& plan) {
  std::vector<int64_t> firsts{0};
  for (const SourceFile& file : plan.files)
    firsts.push_back(firsts.back() + static_cast<int64_t>(file.block_rows.size()));
  return firsts;
}

}  // namespace

PredictTask::PredictTask(const Plan& plan, const OutputLayout& layout, const PredictSettings& settings,
                         const Scorer& scorer, storage::Storage& storage, int64_t batch, int chunks,
                         StageClock& clock)
    : plan_(plan),
      layout_(layout),
      settings_(settings),
      scorer_(scorer),
      storage_(storage),
      batch_(batch),
      chunks_(chunks),
      clock_(clock),
      scoring_(chunks),
      columns_(scorer.inputs()),
      first_blocks_(count_blocks(plan)),
      files_(kOpenFiles,
             [this](int64_t file) {
               return data::BlockCache<table::TableFile>::Decoded{
                   open(plan_.files[static_cast<size_t>(file)]), 1};
             }),
      shared_(kSharedBytes, [this](int64_t number) {
        const auto after = std::ranges::upper_bound(first_blocks_, number);
        const int64_t file = after - first_blocks_.begin() - 1;
        auto columns = std::make_shared<Columns>(table::read_columns(
            *files_.get(file), number - first_blocks_[static_cast<size_t>(file)], columns_));
        int64_t bytes = 1;
        for (const table::Column& column : *columns) bytes += column.size_in_bytes();
        return data::BlockCache<Columns>::Decoded{std::move(columns), bytes};
      }) {
  for (const table::Field& field : layout.kept) {
    const auto found = std::ranges::find(columns_, field.name);
    kept_.push_back(static_cast<size_t>(found - columns_.begin()));
    if (found == columns_.end()) columns_.push_back(field.name);
  }
}

std::vector<work::InputFile> PredictTask::inputs() const {
  std::vector<work::InputFile> inputs;
  for (const SourceFile& file : plan_.files) inputs.push_back(file.file);
  return inputs;
}

work::UnitOutput PredictTask::make(int64_t unit, const work::OutputFolder& folder) const {
  const CountedThread counted(&clock_, LoadStage::kAssemble);
  RowWriter writer(layout_, folder, str_format("part-{:05}-{:05}", batch_, unit), settings_.on_error);
  ChunkQueue chunks(
      {.rows = scorer_.grain().chunk_rows, .bytes = kChunkBytes, .waiting = static_cast<size_t>(chunks_) + 1},
      [this](std::span<const table::Column> columns) { return score_chunk(columns); },
      [this, &writer](ScoredChunk chunk) { write_chunk(std::move(chunk), writer); });
  for (const SourcePart& part : plan_.units[static_cast<size_t>(unit)]) score_part(part, chunks, writer);
  chunks.flush();
  const StageScope scope(LoadStage::kWrite);
  return writer.finish();
}

std::unique_ptr<table::TableFile> PredictTask::open(const SourceFile& source) const {
  auto file = open_source(source.file.name, settings_, layout_.kept, storage_);
  require_unchanged(source);
  return file;
}

void PredictTask::require_unchanged(const SourceFile& source) const {
  const auto stored = storage_.open(source.file.name, storage::Access::kInPlace);
  if (stored->size() == source.file.bytes && stored->version() == source.file.version) return;
  throw Error(ExitCode::kData,
              str_format("{} has changed while it was being scored; run again", source.file.name));
}

void PredictTask::score_part(const SourcePart& part, ChunkQueue& chunks, RowWriter& writer) const {
  const SourceFile& source = plan_.files[part.file];
  if (!source.problem.empty()) {
    chunks.flush();
    return writer.append_unread_file(source.file.name, source.problem);
  }
  if (part.begin == part.end) return;
  const auto file = files_.get(static_cast<int64_t>(part.file));
  for (size_t block = 0; block < file->blocks().size(); ++block) {
    const table::Block& place = file->blocks()[block];
    const int64_t begin = std::max(part.begin - place.first_row, int64_t{0});
    const int64_t end = std::min(part.end - place.first_row, place.rows);
    if (begin >= end) continue;
    const auto number = static_cast<int64_t>(block);
    score_block(*file, number, begin, end, first_blocks_[part.file] + number, chunks, writer);
  }
  require_unchanged(source);
}

void PredictTask::score_block(const table::TableFile& file, int64_t block, int64_t begin, int64_t end,
                              int64_t number, ChunkQueue& chunks, RowWriter& writer) const {
  const table::Block& place = file.blocks()[static_cast<size_t>(block)];
  std::shared_ptr<const Columns> columns;
  try {
    columns = end - begin < place.rows
                  ? shared_.get(number)
                  : std::make_shared<const Columns>(table::read_columns(file, block, columns_));
  } catch (const DataError& error) {
    if (settings_.on_error == OnBadRow::kFail) throw;
    chunks.flush();
    return writer.append_unread({file.name(), place.first_row + begin, end - begin}, error.what());
  }
  chunks.append(*columns, begin, end, file.name(), place.first_row + begin);
}

Scores PredictTask::score_chunk(std::span<const table::Column> columns) const {
  const CountedThread counted(&clock_, LoadStage::kAssemble);
  {
    const StageScope scope(LoadStage::kIdle);
    scoring_.acquire();
  }
  struct Release {
    std::counting_semaphore<>& scoring;
    ~Release() { scoring.release(); }
  } const release{scoring_};
  at::init_num_threads();  // MKL keeps the number for each thread, and new ones begin with all cores
  return scorer_.score(columns.first(scorer_.inputs().size()));
}

void PredictTask::write_chunk(ScoredChunk chunk, RowWriter& writer) const {
  const StageScope scope(LoadStage::kWrite);
  Columns kept;
  for (const size_t column : kept_) kept.push_back(std::move(chunk.columns[column]));
  writer.append(std::move(kept), std::move(chunk.scores), chunk.origins);
}

}  // namespace echelon::predict
