// Writes a table again, in folders of partitions, for partitioned_writer_test.py:
//   write_partitions INPUT OUTPUT parquet|jsonl ROWS_PER_FILE COLUMN…
#include <cstdlib>

#include "common/file.h"
#include "storage/local_file.h"
#include "table/partitioned_writer.h"
#include "table/table_file.h"

namespace {

using namespace echelon;

class File final : public table::NewTableFile {
 public:
  explicit File(fs::path path) : path_(std::move(path)) {}
  void write(std::span<const std::byte> bytes) override {
    content_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void commit() override {
    fs::create_directories(path_.parent_path());
    write_file_atomically(path_, content_);
  }

 private:
  fs::path path_;
  std::string content_;
};

}  // namespace

int main(int count, char** arguments) {
  const auto input = table::open_table(std::make_shared<storage::InputFile>(arguments[1]));
  const fs::path output = arguments[2];
  table::PartitionOptions options{.columns = {arguments + 5, arguments + count},
                                  .max_file_rows = std::atoll(arguments[4])};
  if (std::string(arguments[3]) == "jsonl") options.files.format = table::TableFormat::kJsonLines;
  const auto make = [&](const std::string& name) { return std::make_unique<File>(output / name); };
  table::PartitionedWriter writer(output.string(), input->schema(), make, options);
  for (size_t block = 0; block < input->blocks().size(); ++block)
    writer.append(input->read(static_cast<int64_t>(block), table::names_of(input->schema())));
  writer.close();
}
