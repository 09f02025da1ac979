#include "predict/plan.h"

#include <algorithm>
#include <numeric>

#include "comm/text_exchange.h"
#include "common/error.h"
#include "common/format.h"
#include "predict/output/schema_json.h"
#include "predict/source/open_source.h"
#include "table/schema_check.h"
#include "work/inputs.h"

namespace echelon::predict {
namespace {

using table::Field;

constexpr std::string_view kAskedFor = ", which output.keep asks for";

/// Those that the settings name, or all that can be kept.
table::Schema choose_kept(const PredictSettings& settings, const std::string& file,
                          const table::Schema& schema) {
  table::Schema kept;
  if (!settings.output.keep) {
    std::ranges::copy_if(schema, std::back_inserter(kept), [](const Field& field) {
      return table::is_writable(field) && field.type != table::ColumnType::kBinary;
    });
    return kept;
  }
  for (const std::string& name : *settings.output.keep) {
    const Field& field = table::require_column(file, schema, name, kAskedFor);
    if (!table::is_writable(field))
      throw DataError(
          str_format("{}: column \"{}\" of type {} cannot be written; leave it out of output.keep", file,
                     name, field.stored_as));
    kept.push_back(field);
  }
  return kept;
}

void check_kept(const std::string& file, const table::Schema& schema, const table::Schema& kept) {
  std::vector<table::WantedColumn> wanted;
  for (const Field& field : kept) wanted.push_back(table::same_as(field));
  table::require_columns(file, schema, wanted, ", as in the files before it");
}

/// A file that cannot be read is null, with the reason, where rows that cannot be scored are recorded.
std::unique_ptr<table::TableFile> try_to_open(const std::string& name, const PredictSettings& settings,
                                              const table::Schema& kept, storage::Storage& storage,
                                              std::string& problem) {
  try {
    return open_source(name, settings, kept, storage);
  } catch (const DataError& error) {
    if (settings.on_error == OnBadRow::kFail) throw;
    problem = error.what();
    return nullptr;
  }
}

/// What the first file that can be read says. None is enough where others may come.
std::optional<table::Schema> learn_kept(const std::vector<std::string>& names,
                                        const PredictSettings& settings, storage::Storage& storage) {
  std::string problem;
  for (const std::string& name : names) {
    if (const auto file = try_to_open(name, settings, {}, storage, problem))
      return choose_kept(settings, name, file->schema());
  }
  if (settings.mode != Mode::kOnce) return std::nullopt;
  throw DataError(
      str_format("none of the {} files can be read; the first problem: {}", names.size(), problem));
}

}  // namespace

int64_t SourceFile::rows() const {
  return std::reduce(block_rows.begin(), block_rows.end());
}

std::vector<std::vector<SourcePart>> cut_into_units(const std::vector<SourceFile>& files,
                                                    const UnitSize& size) {
  std::vector<std::vector<SourcePart>> units;
  UnitSize filled;
  const auto add = [&](const SourcePart& part, double bytes) {
    const int64_t rows = part.end - part.begin;
    if (units.empty() || filled.bytes + bytes > size.bytes || filled.rows + rows > size.rows) {
      units.emplace_back();
      filled = {};
    }
    filled.bytes += bytes;
    filled.rows += rows;
    std::vector<SourcePart>& unit = units.back();
    if (!unit.empty() && unit.back().file == part.file && unit.back().end == part.begin) {
      unit.back().end = part.end;
    } else {
      unit.push_back(part);
    }
  };
  for (size_t i = 0; i < files.size(); ++i) {
    const std::vector<int64_t>& blocks = files[i].block_rows;
    const int64_t all = files[i].rows();
    const auto bytes = static_cast<double>(files[i].file.bytes);
    if (all == 0) add({i, 0, 0}, bytes);
    int64_t first = 0;
    for (const int64_t rows : blocks) {
      for (int64_t begin = 0; begin < rows; begin += size.rows) {
        const int64_t end = std::min(begin + size.rows, rows);
        add({i, first + begin, first + end},
            static_cast<double>(end - begin) / static_cast<double>(all) * bytes);
      }
      first += rows;
    }
  }
  return units;
}

Plan make_plan(const std::vector<std::string>& names, const PredictSettings& settings, const Scorer& scorer,
               const std::optional<table::Schema>& kept, storage::Storage& storage, Communicator& comm) {
  Plan plan;
  plan.kept = kept ? kept : schema_from(work::Json::parse(text_of_root(comm, [&] {
    return to_json(learn_kept(names, settings, storage)).dump();
  })));
  const auto look = [&](const std::string& name, const storage::RandomAccessFile&) -> work::Json {
    std::string problem;
    const auto file = try_to_open(name, settings, plan.kept.value_or(table::Schema()), storage, problem);
    if (!file) return {{"problem", problem}};
    if (!plan.kept)
      throw DataError(str_format("{} has changed while it was being looked at; run again", name));
    scorer.check(name, file->schema());
    check_kept(name, file->schema(), *plan.kept);
    work::Json rows = work::Json::array();
    for (const table::Block& block : file->blocks()) rows.push_back(block.rows);
    return {{"rows", rows}};
  };
  const auto unopened = [&](const DataError& problem) -> work::Json {
    if (settings.on_error == OnBadRow::kFail) throw problem;
    return {{"problem", problem.what()}};
  };
  for (const work::SeenInput& seen : work::look_at_inputs(names, storage, comm, look, unopened)) {
    SourceFile file{.file = seen.file};
    if (seen.facts.contains("problem")) {
      file.problem = seen.facts.at("problem");
    } else {
      file.block_rows = seen.facts.at("rows").get<std::vector<int64_t>>();
    }
    plan.files.push_back(std::move(file));
  }
  plan.units = cut_into_units(plan.files, {settings.unit_mb * 1e6, scorer.grain().unit_rows});
  return plan;
}

}  // namespace echelon::predict
