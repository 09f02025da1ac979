// A table's schema as JSON: [["age", "float64"], ["tags", "list", "string"]].
#pragma once

#include "table/column.h"
#include "work/json_parts.h"

namespace echelon::predict {

work::Json to_json(const table::Schema& schema);
table::Schema schema_from(const work::Json& json);

}  // namespace echelon::predict
