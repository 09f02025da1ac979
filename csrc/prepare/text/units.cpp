#include "prepare/text/units.h"

#include <cmath>
#include <numeric>

#include "common/error.h"
#include "common/format.h"
#include "data/text/token_shard.h"
#include "storage/stream/decompress.h"
#include "table/table_file.h"
#include "work/inputs.h"

namespace echelon::prepare {
namespace {

struct Piece {
  TextPart part;
  double bytes = 0;
};

void cut_at_lines(const TextFile& file, int64_t unit_bytes, std::vector<Piece>& pieces) {
  for (int64_t begin = 0; begin < file.file.bytes; begin += unit_bytes) {
    const int64_t end = std::min(begin + unit_bytes, file.file.bytes);
    pieces.push_back({{file.file.name, {begin, end}}, static_cast<double>(end - begin)});
  }
}

void cut_at_row_groups(const TextFile& file, std::vector<Piece>& pieces) {
  const int64_t rows = std::accumulate(file.row_groups.begin(), file.row_groups.end(), int64_t{0});
  for (size_t i = 0; i < file.row_groups.size(); ++i) {
    const auto group = static_cast<int64_t>(i);
    const double share =
        static_cast<double>(file.row_groups[i]) / static_cast<double>(std::max<int64_t>(rows, 1));
    pieces.push_back({{file.file.name, {group, group + 1}}, share * static_cast<double>(file.file.bytes)});
  }
}

/// Parts of one file that follow each other are one.
void append(const TextPart& part, std::vector<TextPart>& unit) {
  if (!unit.empty() && unit.back().path == part.path && unit.back().range.end == part.range.begin) {
    unit.back().range.end = part.range.end;
  } else {
    unit.push_back(part);
  }
}

work::Json look_at(storage::Storage& storage, const std::string& path,
                   const storage::RandomAccessFile& file) {
  uint8_t beginning[8] = {};
  const size_t held = std::min<size_t>(sizeof beginning, static_cast<size_t>(file.size()));
  file.read(0, {beginning, held});
  if (data::TokenShard::has_magic(std::as_bytes(std::span(beginning, held))))
    throw DataError(str_format("{} is a token shard already", path));
  const data::DocumentFormat format = data::document_format(path);
  const bool plain =
      storage::detect_compression({beginning, std::min<size_t>(held, 4)}) == storage::Compression::kNone;
  std::vector<int64_t> row_groups;
  if (format == data::DocumentFormat::kParquet) {
    for (const table::Block& block : table::open_table(storage, path)->blocks())
      row_groups.push_back(block.rows);
  }
  return {{"divisible", format == data::DocumentFormat::kJsonLines && plain}, {"row_groups", row_groups}};
}

}  // namespace

std::vector<std::vector<TextPart>> cut_into_units(const std::vector<TextFile>& files, int64_t unit_bytes) {
  std::vector<Piece> pieces;
  for (const TextFile& file : files) {
    if (file.divisible) {
      cut_at_lines(file, unit_bytes, pieces);
    } else if (!file.row_groups.empty()) {
      cut_at_row_groups(file, pieces);
    } else {
      pieces.push_back({{file.file.name, {}}, static_cast<double>(file.file.bytes)});
    }
  }
  std::vector<std::vector<TextPart>> units;
  double bytes = 0;
  for (const Piece& piece : pieces) {
    if (units.empty() || bytes + piece.bytes > static_cast<double>(unit_bytes)) {
      units.emplace_back();
      bytes = 0;
    }
    append(piece.part, units.back());
    bytes += piece.bytes;
  }
  return units;
}

std::vector<TextFile> look_at_texts(storage::Storage& storage, const std::vector<config::InputPath>& patterns,
                                    Communicator& comm) {
  const std::vector<std::string> paths = work::expand_input(patterns, storage, comm);
  const auto look = [&](const std::string& path, const storage::RandomAccessFile& file) {
    return look_at(storage, path, file);
  };
  std::vector<TextFile> files;
  for (const work::SeenInput& seen : work::look_at_inputs(paths, storage, comm, look)) {
    files.push_back({.file = seen.file,
                     .divisible = seen.facts.at("divisible"),
                     .row_groups = seen.facts.at("row_groups")});
  }
  return files;
}

int64_t unit_bytes(double megabytes) {
  return std::max<int64_t>(1, std::llround(megabytes * 1e6));
}

std::vector<work::InputFile> input_files(const std::vector<TextFile>& files) {
  std::vector<work::InputFile> inputs;
  for (const TextFile& file : files) inputs.push_back(file.file);
  return inputs;
}

int64_t read_unit(storage::Storage& storage, const std::vector<TextPart>& parts,
                  const data::DocumentOptions& options,
                  const std::function<void(const data::Document&)>& take) {
  int64_t left_out = 0;
  for (const TextPart& part : parts) {
    try {
      left_out += data::read_documents(storage, part.path, options, take, part.range);
    } catch (const DataError& error) {
      const std::string problem = error.what();
      if (!options.skip_damaged)
        throw DataError(problem.starts_with(part.path) ? problem : str_format("{}: {}", part.path, problem));
      ++left_out;
    }
  }
  return left_out;
}

}  // namespace echelon::prepare
