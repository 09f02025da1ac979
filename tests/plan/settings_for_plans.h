// A small GPT on hardware with round figures.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "train/settings.h"

namespace echelon::plan {

/// Nodes of four devices: 1 TFLOP/s, 1 TB/s, links of 100 and 10 GB/s, no latency and no overhead.
inline train::TrainSettings settings_for_plans(const std::vector<std::string>& overrides = {}) {
  return config::parse<train::TrainSettings>(R"(
model: {name: gpt, layers: 8, heads: 4, width: 64, context: 32, vocabulary: 100}
data: {name: text, train: )" ECHELON_SOURCE_DIR R"(/configs/data/text/test.txt, sequence_length: 32}
global_batch: 64
micro_batch: 2
steps: 1
optimizer: {name: adamw}
hardware:
  custom:
    devices_per_node: 4
    memory_gb: 1
    tflops_fp64: 1
    tflops_fp32: 1
    tflops_bf16: 1
    efficiency: 1
    memory_gb_per_second: 1000
    overhead_us: 0
    node_link: {gb_per_second: 100, latency_us: 0}
    network: {gb_per_second: 10, latency_us: 0}
)",
                                             "plan.yaml", overrides);
}

}  // namespace echelon::plan
