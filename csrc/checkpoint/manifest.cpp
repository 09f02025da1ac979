#include "checkpoint/manifest.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "echelon-checkpoint";

/// Of the same content whatever the white space: keys sorted, numbers in their shortest form.
std::string canonical_checksum(const json& root) {
  const std::string text = root.dump();
  return checksum_of(std::as_bytes(std::span(text)));
}

/// Takes members out of an object, each exactly once, with its type.
class Members {
 public:
  explicit Members(json object) : object_(std::move(object)) {
    if (!object_.is_object()) throw CheckpointError("an object is expected");
  }

  template <class T>
  T take(const std::string& name) {
    const auto found = object_.find(name);
    if (found == object_.end()) throw CheckpointError(str_format("'{}' is missing", name));
    const json value = *found;
    object_.erase(found);
    bool fits = true;
    if constexpr (std::is_same_v<T, int64_t>)
      fits = value.is_number_integer() && value <= std::numeric_limits<T>::max();
    if constexpr (std::is_same_v<T, uint64_t>) fits = value.is_number_unsigned();
    if constexpr (std::is_same_v<T, double>) fits = value.is_number();
    if constexpr (std::is_same_v<T, std::string>) fits = value.is_string();
    if constexpr (std::is_same_v<T, json::array_t>) fits = value.is_array();
    if (!fits) throw CheckpointError(str_format("'{}' cannot be {}", name, value.dump()));
    return value.get<T>();
  }

  /// Throws when something is left over.
  void finish() const {
    if (!object_.empty()) throw CheckpointError(str_format("'{}' is unknown", object_.begin().key()));
  }

 private:
  json object_;
};

json to_json(const Manifest& m) {
  json metrics = json::object();
  for (const auto& [name, value] : m.metrics)
    metrics[name] = std::isfinite(value) ? json(value) : json(nullptr);
  json files = json::array();
  for (const StoredFile& file : m.files) {
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"xxh3_128", file.checksum}});
  }
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"echelon_version", m.echelon_version},
          {"created", m.created},
          {"step", m.step},
          {"epoch", m.epoch},
          {"consumed_samples", m.consumed_samples},
          {"random", {{"seed", m.seed}, {"generator", "philox4x32-10"}}},
          {"world_size", m.world_size},
          {"model_family", m.model_family},
          {"metrics", metrics},
          {"config", m.config},
          {"files", files}};
}

std::map<std::string, double> read_metrics(const json& object) {
  if (!object.is_object()) throw CheckpointError("'metrics' is not an object");
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() && !value.is_null())
      throw CheckpointError(str_format("metric '{}' is not a number", name));
    metrics[name] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  return metrics;
}

StoredFile read_file_entry(const json& object) {
  Members members(object);
  StoredFile file{members.take<std::string>("name"), members.take<uint64_t>("bytes"),
                  members.take<std::string>("xxh3_128")};
  members.finish();
  if (file.name.empty() || file.name.front() == '.' || file.name.find('/') != std::string::npos) {
    throw CheckpointError(str_format("'{}' is not the name of a file of a checkpoint", file.name));
  }
  return file;
}

uint64_t read_seed(const json& object) {
  Members members(object);
  const auto seed = members.take<uint64_t>("seed");
  const auto generator = members.take<std::string>("generator");
  members.finish();
  if (generator != "philox4x32-10")
    throw CheckpointError(str_format("the random generator '{}' is unknown", generator));
  return seed;
}

Manifest from_json(json root) {
  if (!root.is_object() || root.value("format", json()) != kFormat) {
    throw CheckpointError("it is not the manifest of an Echelon checkpoint");
  }
  const json version = root.value("format_version", json());
  if (!version.is_number_integer() || version < 1 || version > kFormatVersion) {
    throw CheckpointError(
        str_format("its format version is {}; this program reads up to {}: use a newer Echelon",
                   version.dump(), kFormatVersion));
  }
  Members members(root);
  const auto stated = members.take<std::string>("checksum");
  root.erase("checksum");
  if (canonical_checksum(root) != stated)
    throw CheckpointError("it was altered: its checksum does not fit its content");

  members.take<std::string>("format");
  members.take<int64_t>("format_version");
  Manifest m;
  m.echelon_version = members.take<std::string>("echelon_version");
  m.created = members.take<std::string>("created");
  m.step = members.take<int64_t>("step");
  m.epoch = members.take<double>("epoch");
  m.consumed_samples = members.take<int64_t>("consumed_samples");
  m.seed = read_seed(members.take<json>("random"));
  m.world_size = members.take<int64_t>("world_size");
  m.model_family = members.take<std::string>("model_family");
  m.metrics = read_metrics(members.take<json>("metrics"));
  m.config = members.take<std::string>("config");
  for (const json& file : members.take<json::array_t>("files")) m.files.push_back(read_file_entry(file));
  members.finish();
  return m;
}

}  // namespace

std::string render_manifest(const Manifest& manifest) {
  json root = to_json(manifest);
  root["checksum"] = canonical_checksum(root);
  return root.dump(2) + "\n";
}

Manifest parse_manifest(std::string_view text, std::string_view path) {
  try {
    return from_json(json::parse(text));
  } catch (const json::exception& error) {
    throw CheckpointError(str_format("{} cannot be read: {}", path, error.what()));
  } catch (const CheckpointError& error) {
    throw CheckpointError(str_format("{} cannot be read: {}", path, error.what()));
  }
}

}  // namespace echelon::checkpoint
