#include "data/text/documents.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "storage/stream/line_reader.h"
#include "table/table_file.h"

namespace echelon::data {
namespace {

using nlohmann::json;

/// What a line or row holds under a name, as text.
using Member = std::function<std::string(const std::string& key)>;

/// Calls `text` with what stands between keys of a pattern, and `key` with each {key}; {{ and }} stand for
/// braces.
void take_apart(std::string_view pattern, const std::function<void(std::string_view)>& text,
                const std::function<void(const std::string&)>& key) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool doubled = i + 1 < pattern.size() && pattern[i + 1] == pattern[i];
    const bool brace = pattern[i] == '{' || pattern[i] == '}';
    if (pattern[i] == '{' && !doubled) {
      const size_t close = pattern.find('}', i);
      key(std::string(pattern.substr(i + 1, close - i - 1)));
      i = close;
      continue;
    }
    text(pattern.substr(i, 1));
    if (brace) ++i;
  }
}

std::string fill_in(std::string_view pattern, const Member& member) {
  std::string filled;
  take_apart(
      pattern, [&](std::string_view text) { filled += text; },
      [&](const std::string& key) { filled += member(key); });
  return filled;
}

Document document_of(const Member& member, const DocumentOptions& options) {
  if (!options.instruction) return {{member(options.text_key), true}};
  return {{fill_in(options.instruction->prompt, member), false},
          {fill_in(options.instruction->response, member), true}};
}

/// Reads one file.
class DocumentReader {
 public:
  DocumentReader(storage::Storage& storage, const std::string& path, const DocumentOptions& options,
                 const DocumentRange& range, const std::function<void(const Document&)>& take)
      : storage_(storage), path_(path), options_(options), range_(range), take_(take) {}

  int64_t read() {
    const StageScope scope(LoadStage::kRead);
    switch (document_format(path_)) {
      case DocumentFormat::kPlain:
        read_plain();
        break;
      case DocumentFormat::kJsonLines:
        read_lines();
        break;
      case DocumentFormat::kParquet:
        read_rows();
        break;
    }
    return left_out_;
  }

 private:
  void read_plain() {
    // What a compressed file may turn into: it is held in memory.
    const storage::DecompressionLimits limits{.max_bytes = int64_t{16} << 30};
    const auto stream = storage_.stream(path_, limits);
    std::string text;
    std::vector<uint8_t> block(size_t{1} << 20);
    while (const size_t got = stream->read(block))
      text.append(reinterpret_cast<const char*>(block.data()), got);
    take_({{std::move(text), true}});
  }

  void read_lines() {
    // A part begins with the end of the line before it, which belongs to another part.
    const int64_t start = std::max<int64_t>(range_.begin - 1, 0);
    storage::LineReader lines(range_.begin > 0 ? stream_from(start) : storage_.stream(path_));
    if (range_.begin > 0) lines.next();
    while (const std::optional<storage::Line> line = lines.next()) {
      if (start + line->offset >= range_.end) return;
      if (line->text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      attempt([&] { return document_of_line(line->text); }, [&] { return place_of(*line, start); });
    }
  }

  std::unique_ptr<storage::ByteStream> stream_from(int64_t offset) {
    return storage::open_stream(storage_.open(path_, storage::Access::kInPlace), {}, offset);
  }

  std::string place_of(const storage::Line& line, int64_t start) const {
    return range_.begin == 0 ? str_format("{}, line {}", path_, line.number)
                             : str_format("{}, offset {}", path_, start + line.offset);
  }

  Document document_of_line(std::string_view line) const {
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (object.is_discarded()) throw DataError("malformed JSON");
    if (!object.is_object()) throw DataError("a JSON object is expected");
    const auto member = [&](const std::string& key) {
      const auto found = object.find(key);
      if (found == object.end()) throw DataError(str_format("there is no member \"{}\"", key));
      if (found->is_string()) return found->get<std::string>();
      if (found->is_number() || found->is_boolean()) return found->dump();
      throw DataError(str_format("member \"{}\" is no text", key));
    };
    return document_of(member, options_);
  }

  void read_rows() {
    const auto table = table::open_table(storage_, path_);
    const std::vector<std::string> names = needed_columns();
    for (const std::string& name : names) require_column(*table, name);
    const auto end = std::min(range_.end, static_cast<int64_t>(table->blocks().size()));
    for (int64_t b = range_.begin; b < end; ++b) {
      const table::Block block = table->blocks()[static_cast<size_t>(b)];
      const auto columns = read_block(*table, b, names);
      if (!columns) {
        left_out_ += block.rows;
        continue;
      }
      for (int64_t row = 0; row < block.rows; ++row) {
        const auto member = [&](const std::string& key) {
          const auto column = std::find(names.begin(), names.end(), key) - names.begin();
          return cell_text((*columns)[static_cast<size_t>(column)], key, row);
        };
        attempt([&] { return document_of(member, options_); },
                [&] { return str_format("{}, row {}", path_, block.first_row + row); });
      }
    }
  }

  /// Nothing for a damaged one that is passed over.
  std::optional<std::vector<table::Column>> read_block(const table::TableFile& table, int64_t block,
                                                       const std::vector<std::string>& names) const {
    try {
      return table.read(block, names);
    } catch (const DataError&) {
      if (!options_.skip_damaged) throw;
      return std::nullopt;
    }
  }

  std::vector<std::string> needed_columns() const {
    if (!options_.instruction) return {options_.text_key};
    std::vector<std::string> names;
    const auto add = [&](const std::string& key) {
      if (std::find(names.begin(), names.end(), key) == names.end()) names.push_back(key);
    };
    for (const std::string& pattern : {options_.instruction->prompt, options_.instruction->response})
      take_apart(
          pattern, [](std::string_view) {}, add);
    return names;
  }

  void require_column(const table::TableFile& table, const std::string& name) const {
    const table::Field* field = table::find_field(table.schema(), name);
    if (field == nullptr) {
      throw DataError(str_format("{}: there is no column \"{}\"; it has {}", path_, name,
                                 join(table::names_of(table.schema()))));
    }
    using table::ColumnType;
    const std::array kTexts{ColumnType::kString, ColumnType::kInt64, ColumnType::kFloat32,
                            ColumnType::kFloat64, ColumnType::kBool};
    if (std::find(kTexts.begin(), kTexts.end(), field->type) == kTexts.end())
      throw DataError(str_format("{}: column \"{}\" ({}) is no text", path_, name, field->stored_as));
  }

  static std::string cell_text(const table::Column& column, const std::string& key, int64_t row) {
    const auto i = static_cast<size_t>(row);
    if (!column.is_valid(row)) throw DataError(str_format("column \"{}\" has no value", key));
    switch (column.type) {
      case table::ColumnType::kBool:
        return column.bools[i] != 0 ? "true" : "false";
      case table::ColumnType::kInt64:
        return str_format("{}", column.integers[i]);
      case table::ColumnType::kFloat32:
        return str_format("{}", column.floats[i]);
      case table::ColumnType::kFloat64:
        return str_format("{}", column.doubles[i]);
      default:
        return std::string(column.text(row));
    }
  }

  template <class Make, class Place>
  void attempt(const Make& make, const Place& place) {
    try {
      take_(make());
    } catch (const DataError& error) {
      if (!options_.skip_damaged) throw DataError(str_format("{}: {}", place(), error.what()));
      ++left_out_;
    }
  }

  storage::Storage& storage_;
  const std::string& path_;
  const DocumentOptions& options_;
  const DocumentRange& range_;
  const std::function<void(const Document&)>& take_;
  int64_t left_out_ = 0;
};

}  // namespace

DocumentFormat document_format(const std::string& path) {
  if (storage::is_parquet_name(path)) return DocumentFormat::kParquet;
  const std::string ending = storage::ending_of(path);
  return ending == ".jsonl" || ending == ".ndjson" ? DocumentFormat::kJsonLines : DocumentFormat::kPlain;
}

DocumentOptions document_options(const TextSettings& settings) {
  return {settings.text_key, settings.instruction, settings.on_error == OnError::kSkip};
}

int64_t read_documents(storage::Storage& storage, const std::string& path, const DocumentOptions& options,
                       const std::function<void(const Document&)>& take, const DocumentRange& range) {
  return DocumentReader(storage, path, options, range, take).read();
}

}  // namespace echelon::data
