#include "work/stored_file.h"

#include "common/format.h"

namespace echelon::work {

void add_counts(Counts& sum, const Counts& counts) {
  for (const auto& [name, count] : counts) sum[name] += count;
}

std::string describe_counts(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts)
    parts.push_back(str_format("{} {}", human_count(static_cast<double>(count)), name));
  return join(parts);
}

}  // namespace echelon::work
