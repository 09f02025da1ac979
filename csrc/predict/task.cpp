#include "predict/task.h"

#include <algorithm>
#include <deque>
#include <future>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {
namespace {

constexpr int64_t kOpenFiles = 64;
constexpr int64_t kSharedBytes = int64_t{256} << 20;

std::vector<table::Column> slice(std::span<const table::Column> columns, int64_t begin, int64_t end) {
  std::vector<table::Column> parts;
  for (const table::Column& column : columns) {
    const bool list = column.type == table::ColumnType::kList;
    parts.push_back(
        table::empty_column(column.type, list ? column.items[0].type : table::ColumnType::kUnsupported));
    table::append_rows(parts.back(), column, begin, end);
  }
  return parts;
}

std::vector<int64_t> count_blocks(const Plan& plan) {
  std::vector<int64_t> firsts{0};
  for (const SourceFile& file : plan.files)
    firsts.push_back(firsts.back() + static_cast<int64_t>(file.block_rows.size()));
  return firsts;
}

}  // namespace

PredictTask::PredictTask(const Plan& plan, const OutputLayout& layout, const PredictSettings& settings,
                         const Scorer& scorer, storage::Storage& storage, int64_t batch, int threads)
    : plan_(plan),
      layout_(layout),
      settings_(settings),
      scorer_(scorer),
      storage_(storage),
      batch_(batch),
      threads_(threads),
      cores_(threads),
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
  for (const table::Field& field : plan.kept) {
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
  RowWriter writer(layout_, folder, str_format("part-{:05}-{:05}", batch_, unit));
  for (const SourcePart& part : plan_.units[static_cast<size_t>(unit)]) score_part(part, writer);
  return writer.finish();
}

std::unique_ptr<table::TableFile> PredictTask::open(const SourceFile& source) const {
  auto file = open_source(source.file.name, settings_, plan_.kept, storage_);
  require_unchanged(source);
  return file;
}

void PredictTask::require_unchanged(const SourceFile& source) const {
  const auto stored = storage_.open(source.file.name, storage::Access::kInPlace);
  if (stored->size() == source.file.bytes && stored->version() == source.file.version) return;
  throw Error(ExitCode::kData,
              str_format("{} has changed while it was being scored; run again", source.file.name));
}

void PredictTask::score_part(const SourcePart& part, RowWriter& writer) const {
  const SourceFile& source = plan_.files[part.file];
  if (!source.problem.empty())
    return writer.append_unread({source.file.name, 0}, std::nullopt, source.problem);
  if (part.begin == part.end) return;
  const auto file = files_.get(static_cast<int64_t>(part.file));
  for (size_t block = 0; block < file->blocks().size(); ++block) {
    const table::Block& place = file->blocks()[block];
    const int64_t begin = std::max(part.begin - place.first_row, int64_t{0});
    const int64_t end = std::min(part.end - place.first_row, place.rows);
    if (begin >= end) continue;
    const auto number = static_cast<int64_t>(block);
    score_block(*file, number, begin, end, first_blocks_[part.file] + number, writer);
  }
  require_unchanged(source);
}

void PredictTask::score_block(const table::TableFile& file, int64_t block, int64_t begin, int64_t end,
                              int64_t number, RowWriter& writer) const {
  const table::Block& place = file.blocks()[static_cast<size_t>(block)];
  const table::RowsOrigin origin{file.name(), place.first_row + begin};
  std::shared_ptr<const Columns> columns;
  try {
    columns = end - begin < place.rows
                  ? shared_.get(number)
                  : std::make_shared<const Columns>(table::read_columns(file, block, columns_));
  } catch (const DataError& error) {
    if (settings_.on_error == OnBadRow::kFail) throw;
    return writer.append_unread(origin, end - begin, error.what());
  }
  score_rows(*columns, begin, end, origin, writer);
}

/// Chunks are scored by several threads and written in order by this one, which holds a few at a time.
void PredictTask::score_rows(const Columns& columns, int64_t begin, int64_t end,
                             const table::RowsOrigin& origin, RowWriter& writer) const {
  struct Chunk {
    Columns columns;
    table::RowsOrigin origin;
    std::future<Scores> scores;
  };
  std::deque<Chunk> waiting;
  const auto write_first = [&] {
    Chunk& first = waiting.front();
    Scores scores = first.scores.get();
    if (settings_.on_error == OnBadRow::kFail && !scores.problems.empty())
      throw DataError(scores.problems.begin()->second);
    Columns kept;
    for (const size_t column : kept_) kept.push_back(std::move(first.columns[column]));
    writer.append(std::move(kept), std::move(scores), first.origin);
    waiting.pop_front();
  };
  const int64_t step = scorer_.grain().chunk_rows;
  for (int64_t row = begin; row < end; row += step) {
    if (waiting.size() > static_cast<size_t>(threads_)) write_first();
    Chunk& chunk = waiting.emplace_back();
    chunk.columns = slice(columns, row, std::min(row + step, end));
    chunk.origin = {origin.file, origin.first_row + row - begin};
    const auto policy = end - begin > step ? std::launch::async : std::launch::deferred;
    chunk.scores = std::async(policy, [this, &chunk] { return score_chunk(chunk.columns, chunk.origin); });
  }
  while (!waiting.empty()) write_first();
}

Scores PredictTask::score_chunk(const Columns& chunk, const table::RowsOrigin& origin) const {
  cores_.acquire();
  struct Release {
    std::counting_semaphore<>& cores;
    ~Release() { cores.release(); }
  } const release{cores_};
  return scorer_.score(std::span(chunk).first(scorer_.inputs().size()), origin);
}

}  // namespace echelon::predict
