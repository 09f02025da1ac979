// A table's schema as JSON: [["age", "float64"], ["tags", "list", "string"]]; one that is not known is null.
#pragma once

#include <optional>

#include "table/column.h"
#include "work/json_parts.h"

namespace echelon::predict {

work::Json to_json(const std::optional<table::Schema>& schema);
std::optional<table::Schema> schema_from(const work::Json& json);

}  // namespace echelon::predict
