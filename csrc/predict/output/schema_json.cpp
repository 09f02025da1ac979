#include "predict/output/schema_json.h"

namespace echelon::predict {

work::Json to_json(const std::optional<table::Schema>& schema) {
  if (!schema) return nullptr;
  work::Json json = work::Json::array();
  for (const table::Field& field : *schema) {
    json.push_back({field.name, table::type_name(field.type)});
    if (field.type == table::ColumnType::kList) json.back().push_back(table::type_name(field.item_type));
  }
  return json;
}

std::optional<table::Schema> schema_from(const work::Json& json) {
  if (json.is_null()) return std::nullopt;
  table::Schema schema;
  for (const work::Json& field : json) {
    const auto type = field.at(1).get<std::string>();
    const bool list = type == table::type_name(table::ColumnType::kList);
    schema.push_back({.name = field.at(0).get<std::string>(),
                      .type = list ? table::ColumnType::kList : table::parse_type(type)});
    if (list) schema.back().item_type = table::parse_type(field.at(2).get<std::string>());
  }
  return schema;
}

}  // namespace echelon::predict
