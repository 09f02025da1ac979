// The devices and links that a job runs on: as the configuration describes them, and as predictions use them.
// Free of LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "config/declare.h"

namespace echelon::parallel {

/// What a device has of a link, in one direction.
struct LinkSettings {
  double gb_per_second = 25;
  double latency_us = 5;
};

/// Figures as vendors publish them; gigabytes are 10⁹ bytes, operations those of dense products.
struct DeviceSettings {
  int64_t devices_per_node = 1;
  double memory_gb = 0;
  double tflops_fp64 = 0;
  double tflops_fp32 = 0;
  double tflops_bf16 = 0;
  double efficiency = 0.5;  ///< share of these that products reach
  double memory_gb_per_second = 0;
  double overhead_us = 20;  ///< of each forward, and each half of backward, of a layer
  LinkSettings node_link;   ///< between devices of a node
  LinkSettings network;     ///< between nodes
};

/// This machine, as it is found when the program runs.
struct MeasuredHardware {
  std::optional<double> memory_gb;  ///< not set: what the machine has, divided by its ranks
};
/// A node of eight H100 SXM5 80 GB, one 400 Gb/s port a GPU, as DGX H100.
struct H100Node : DeviceSettings {
  H100Node();
};
/// A node of eight A100 SXM4 80 GB, one 200 Gb/s port a GPU, as DGX A100.
struct A100Node : DeviceSettings {
  A100Node();
};
struct CustomHardware : DeviceSettings {};

using HardwareSettings = std::variant<MeasuredHardware, H100Node, A100Node, CustomHardware>;

void describe(config::Fields<LinkSettings>& f);
void describe(config::Fields<MeasuredHardware>& f);
void describe(config::Fields<H100Node>& f);
void describe(config::Fields<A100Node>& f);
void describe(config::Fields<CustomHardware>& f);
void describe(config::Fields<HardwareSettings>& f);

/// In what products are computed.
enum class NumberFormat { kFloat32, kFloat64, kBfloat16 };

struct Link {
  double bytes_per_second = 0;
  double latency = 0;  ///< seconds a message
};

/// Figures of one rank, its device being its own unless `ranks_at_once` says otherwise. Seconds and bytes.
struct Hardware {
  std::string name;
  int devices_per_node = 1;  ///< so many consecutive ranks are on one node
  int64_t memory_bytes = 0;
  double flops_per_second = 0;  ///< that products reach
  double memory_bytes_per_second = 0;
  double overhead = 0;
  Link node;
  Link network;
  double ranks_at_once = 0;  ///< so many ranks of a node compute at full speed, more share that; 0: all
  bool reduces_in_background = true;  ///< communication takes nothing from computation
};

/// The hardware of a job of `ranks` ranks, of which `local_ranks` are on this machine. For `measured` these
/// are this machine's memory and rough figures of a CPU core: enough to compare layers, until they are
/// measured.
Hardware make_hardware(const HardwareSettings& settings, NumberFormat format, int local_ranks);

/// Bytes of memory that the processes of this machine may use: what it has, or the limit of its control
/// group.
int64_t machine_memory();

}  // namespace echelon::parallel
