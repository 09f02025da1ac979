#include "prepare/table/task.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "prepare/table/rows.h"
#include "table/table_writer.h"
#include "work/output_folder.h"

namespace echelon::prepare {
namespace {

class TableTask final : public work::Task {
 public:
  TableTask(const TablePreparation& settings, Communicator& comm)
      : settings_(settings), storage_(settings.storage) {
    InputTables inputs = look_at_tables(settings, storage_, comm);
    schema_ = agree_on_columns(settings, inputs.tables);
    check_told_types(settings, inputs.tables, storage_, comm);
    files_ = std::move(inputs.files);
    left_out_ = inputs.left_out;
    rows_ =
        std::make_unique<TableRows>(settings, std::move(inputs.tables), table::names_of(schema_), storage_);
    if (rows_->size() == 0) throw DataError("the tables hold no rows");
  }

  std::vector<work::InputFile> inputs() const override { return files_; }
  int64_t units() const override { return (rows_->size() - 1) / settings_.rows_per_file + 1; }

  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override {
    const std::string name = str_format("part-{:05}.parquet", unit);
    const auto file = folder.create(name);
    const auto sink = [&](std::span<const std::byte> bytes) { file->write(bytes); };
    const auto writer = table::open_table_writer(
        name, schema_, sink,
        {.compression = settings_.compression, .rows_per_group = settings_.rows_per_group});
    const int64_t begin = unit * settings_.rows_per_file;
    const int64_t end = std::min(begin + settings_.rows_per_file, rows_->size());
    const int64_t left_out =
        rows_->read(begin, end, [&](std::span<const table::Column> columns, int64_t first, int64_t last) {
          writer->append(columns, first, last);
        });
    writer->close();
    work::UnitOutput output{.files = {file->commit()},
                            .counts = {{"rows", writer->rows()}, {"left_out", left_out}}};
    output.files[0].counts = {{"rows", writer->rows()}};
    return output;
  }

  work::UnitOutput finish(const std::vector<work::UnitOutput>&, const work::OutputFolder&) const override {
    if (left_out_ == 0) return {};
    return {.files = {}, .counts = {{"tables_left_out", left_out_}}};
  }

 private:
  TablePreparation settings_;
  mutable storage::Storage storage_;
  table::Schema schema_;
  std::vector<work::InputFile> files_;
  int64_t left_out_ = 0;  ///< tables
  std::unique_ptr<TableRows> rows_;
};

}  // namespace

std::unique_ptr<work::Task> make_task(const TablePreparation& settings, Communicator& comm) {
  return std::make_unique<TableTask>(settings, comm);
}

}  // namespace echelon::prepare
