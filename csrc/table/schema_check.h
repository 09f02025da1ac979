// What tables must have, said before work starts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "table/column.h"

namespace echelon::table {

/// Bools, whole numbers, floats, timestamps.
bool is_number(ColumnType type);
/// Numbers and text.
bool is_category(ColumnType type);

/// Whether TableWriter can write it: not what cannot be read, and no lists of lists.
bool is_writable(const Field& field);

/// "float64", "lists of int64".
std::string name_of_type(const Field& field);

/// The column of this name. Throws DataError that names the file and the nearest column there is; `why`
/// follows the name of the missing one.
const Field& require_column(const std::string& file, const Schema& schema, const std::string& column,
                            std::string_view why = "");

/// Throws DataError that names the file and the first column that is there twice.
void require_distinct_names(const std::string& file, const Schema& schema);

/// Throws InternalError unless `columns` are of the types of `schema`, in its order, and have the rows
/// [begin, end).
void require_fit(const std::string& file, const Schema& schema, std::span<const Column> columns,
                 int64_t begin, int64_t end);

/// What a column is wanted for.
enum class Need {
  kAny,       ///< all that can be read
  kNumber,    ///< is_number()
  kCategory,  ///< is_category()
  kText,
  kBytes,        ///< bytes, such as encoded images
  kNumberLists,  ///< lists of what is_number()
  kExactly,      ///< WantedColumn::type and item_type
};

struct WantedColumn {
  std::string name;
  Need need = Need::kAny;
  ColumnType type = ColumnType::kUnsupported;
  ColumnType item_type = ColumnType::kUnsupported;
};

/// As another table has it.
WantedColumn same_as(const Field& field);

/// One line for each wanted column that `schema`, of `file`, has not, or has of another type: it names the
/// file, the column, what it holds (as the file calls it, too) and what is needed, or the nearest name.
/// `way_out` ends those about types. None: all is there.
std::vector<std::string> column_problems(const std::string& file, const Schema& schema,
                                         std::span<const WantedColumn> wanted, std::string_view way_out = "");

/// Throws DataError of all column_problems(), a line each.
void require_columns(const std::string& file, const Schema& schema, std::span<const WantedColumn> wanted,
                     std::string_view way_out = "");

}  // namespace echelon::table
