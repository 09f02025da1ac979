#include "parallel/hardware.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "config/fields.h"

namespace echelon::parallel {
namespace {

constexpr double kGiga = 1e9, kTera = 1e12, kMicro = 1e-6;

// A share of the peak: Megatron-LM reaches 44-52 % of it on A100 in whole training steps of GPT (2104.04473,
// table 1), Llama 3 38-43 % on H100 (2407.21783, table 4); idle time and communication, which are predicted
// apart, are in those figures.
constexpr double kA100Efficiency = 0.55, kH100Efficiency = 0.5;

/// `needed`: fields without which a device is not described.
template <class T>
void add_device_fields(config::Fields<T>& f, bool needed) {
  const auto figure = [&](const char* name, double T::*member, const char* help, const char* unit) {
    auto field = f.add(name, member, help);
    field.above(0).unit(unit);
    if (needed) field.required();
  };
  f.add("devices_per_node", &T::devices_per_node, "Devices of a node; each has one rank.").at_least(1);
  figure("memory_gb", &T::memory_gb, "Memory that a rank may use.", "GB");
  figure("tflops_fp64", &T::tflops_fp64, "Peak of dense products in float64.", "TFLOP/s");
  figure("tflops_fp32", &T::tflops_fp32, "Peak of dense products in float32.", "TFLOP/s");
  figure("tflops_bf16", &T::tflops_bf16, "Peak of dense products in bfloat16.", "TFLOP/s");
  f.add("efficiency", &T::efficiency, "Share of the peak that products reach: an assumption.")
      .above(0)
      .at_most(1);
  figure("memory_gb_per_second", &T::memory_gb_per_second, "Bandwidth of the memory.", "GB/s");
  f.add("overhead_us", &T::overhead_us,
        "Time that each forward, and each half of backward, of a layer takes besides: starting operations.")
      .at_least(0)
      .unit("µs");
  f.add("node_link", &T::node_link, "Between devices of a node, in one direction.");
  f.add("network", &T::network, "Between nodes, in one direction, a device.");
}

Link make_link(const LinkSettings& settings) {
  return {settings.gb_per_second * kGiga, settings.latency_us * kMicro};
}

double tflops(const DeviceSettings& device, NumberFormat format) {
  if (format == NumberFormat::kFloat64) return device.tflops_fp64;
  return format == NumberFormat::kBfloat16 ? device.tflops_bf16 : device.tflops_fp32;
}

Hardware described(const std::string& name, const DeviceSettings& device, NumberFormat format) {
  return {.name = name,
          .devices_per_node = static_cast<int>(device.devices_per_node),
          .memory_bytes = static_cast<int64_t>(device.memory_gb * kGiga),
          .flops_per_second = tflops(device, format) * kTera * device.efficiency,
          .memory_bytes_per_second = device.memory_gb_per_second * kGiga,
          .overhead = device.overhead_us * kMicro,
          .node = make_link(device.node_link),
          .network = make_link(device.network)};
}

Hardware this_machine(const MeasuredHardware& settings, int local_ranks) {
  const Link memory{4 * kGiga, 50 * kMicro};
  return {.name = "this machine",
          .devices_per_node = local_ranks,
          .memory_bytes = settings.memory_gb ? static_cast<int64_t>(*settings.memory_gb * kGiga)
                                             : machine_memory() / local_ranks,
          .flops_per_second = 50 * kGiga,
          .memory_bytes_per_second = 10 * kGiga,
          .overhead = 20 * kMicro,
          .node = memory,
          .network = memory,
          .reduces_in_background = false};
}

/// The limit in a file of the control group; none where there is no number.
std::optional<int64_t> read_limit(const char* path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  if (file >> bytes) return bytes;
  return std::nullopt;
}

}  // namespace

// NVIDIA H100 Tensor Core GPU datasheet and architecture white paper (SXM5): 80 GB, 3.35 TB/s; without
// sparsity FP64 tensor cores 66.9, FP32 66.9, BF16 tensor cores 989.4 TFLOP/s. LibTorch's float32 products
// use TF32 only where it is asked for. NVLink 4: 900 GB/s, 450 each way. DGX H100: ConnectX-7, 400 Gb/s a
// GPU.
H100Node::H100Node()
    : DeviceSettings{.devices_per_node = 8,
                     .memory_gb = 80,
                     .tflops_fp64 = 66.9,
                     .tflops_fp32 = 66.9,
                     .tflops_bf16 = 989.4,
                     .efficiency = kH100Efficiency,
                     .memory_gb_per_second = 3350,
                     .node_link = {450, 3},
                     .network = {50, 6}} {}

// NVIDIA A100 Tensor Core GPU datasheet (SXM4 80 GB): 2039 GB/s; FP64 tensor cores 19.5, FP32 19.5, BF16
// tensor cores 312 TFLOP/s. NVLink 3: 600 GB/s, 300 each way. DGX A100: ConnectX-6, 200 Gb/s a GPU.
A100Node::A100Node()
    : DeviceSettings{.devices_per_node = 8,
                     .memory_gb = 80,
                     .tflops_fp64 = 19.5,
                     .tflops_fp32 = 19.5,
                     .tflops_bf16 = 312,
                     .efficiency = kA100Efficiency,
                     .memory_gb_per_second = 2039,
                     .node_link = {300, 3},
                     .network = {25, 6}} {}

void describe(config::Fields<LinkSettings>& f) {
  f.about("A link between devices.");
  f.add("gb_per_second", &LinkSettings::gb_per_second, "Bandwidth.").above(0).unit("GB/s");
  f.add("latency_us", &LinkSettings::latency_us, "Time that a message takes besides.").at_least(0).unit("µs");
}

void describe(config::Fields<MeasuredHardware>& f) {
  f.add("memory_gb", &MeasuredHardware::memory_gb,
        "Memory that a rank may use; not set: the machine's, divided by its ranks.")
      .above(0)
      .unit("GB");
}

void describe(config::Fields<H100Node>& f) {
  add_device_fields(f, /*needed=*/false);
}

void describe(config::Fields<A100Node>& f) {
  add_device_fields(f, /*needed=*/false);
}

void describe(config::Fields<CustomHardware>& f) {
  add_device_fields(f, /*needed=*/true);
}

void describe(config::Fields<HardwareSettings>& f) {
  f.compact();
  f.about(
      "The devices and links of the cluster, for predictions (`echelon plan`): a preset, of which single "
      "figures may be changed (`hardware: {h100: {memory_gb: 70}}`), or figures of your own.");
  f.choice<MeasuredHardware>("measured", "This machine, on which all ranks are: the model is run to see.");
  f.choice<H100Node>("h100", "Nodes of eight NVIDIA H100 SXM5 80 GB with NVLink and 400 Gb/s a GPU.");
  f.choice<A100Node>("a100", "Nodes of eight NVIDIA A100 SXM4 80 GB with NVLink and 200 Gb/s a GPU.");
  f.choice<CustomHardware>("custom", "Other devices, described by their figures.");
}

Hardware make_hardware(const HardwareSettings& settings, NumberFormat format, int local_ranks) {
  if (const auto* measured = std::get_if<MeasuredHardware>(&settings))
    return this_machine(*measured, local_ranks);
  if (const auto* h100 = std::get_if<H100Node>(&settings)) return described("H100 SXM5", *h100, format);
  if (const auto* a100 = std::get_if<A100Node>(&settings)) return described("A100 SXM4", *a100, format);
  return described("custom", std::get<CustomHardware>(settings), format);
}

int64_t machine_memory() {
  int64_t bytes = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGE_SIZE);
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const auto limit = read_limit(path)) bytes = std::min(bytes, *limit);
  }
  return bytes;
}

}  // namespace echelon::parallel
