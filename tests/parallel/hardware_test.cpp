#include "parallel/hardware.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "config/config.h"

namespace echelon::parallel {
namespace {

struct Root {
  HardwareSettings hardware;
};

void describe(config::Fields<Root>& f) {
  f.add("hardware", &Root::hardware, "What it runs on.");
}

HardwareSettings parse(const std::string& hardware) {
  return config::parse<Root>("hardware: " + hardware).hardware;
}

// NVIDIA's data sheets and DGX manuals, dense products.
TEST(Hardware, PresetsHaveThePublishedFigures) {
  const H100Node h100;
  EXPECT_EQ(h100.devices_per_node, 8);
  EXPECT_EQ(h100.memory_gb, 80);
  EXPECT_EQ(h100.tflops_bf16, 989.4);
  EXPECT_EQ(h100.tflops_fp32, 66.9);
  EXPECT_EQ(h100.memory_gb_per_second, 3350);
  EXPECT_EQ(h100.node_link.gb_per_second, 900.0 / 2);
  EXPECT_EQ(h100.network.gb_per_second, 400.0 / 8);
  const A100Node a100;
  EXPECT_EQ(a100.memory_gb, 80);
  EXPECT_EQ(a100.tflops_bf16, 312);
  EXPECT_EQ(a100.tflops_fp32, 19.5);
  EXPECT_EQ(a100.memory_gb_per_second, 2039);
  EXPECT_EQ(a100.node_link.gb_per_second, 600.0 / 2);
  EXPECT_EQ(a100.network.gb_per_second, 200.0 / 8);
}

TEST(Hardware, FiguresOfAPresetMayBeChanged) {
  const Hardware hardware =
      make_hardware(parse("{h100: {memory_gb: 70, efficiency: 0.4, network: {latency_us: 2}}}"),
                    NumberFormat::kBfloat16, 4096);
  EXPECT_EQ(hardware.devices_per_node, 8);
  EXPECT_EQ(hardware.memory_bytes, 70'000'000'000);
  EXPECT_DOUBLE_EQ(hardware.flops_per_second, 0.4 * 989.4e12);
  EXPECT_DOUBLE_EQ(hardware.network.latency, 2e-6);
  EXPECT_DOUBLE_EQ(hardware.network.bytes_per_second, 50e9);
  EXPECT_DOUBLE_EQ(hardware.node.bytes_per_second, 450e9);
}

TEST(Hardware, ProductsTakeThePeakOfTheirFormat) {
  const HardwareSettings settings = parse("{a100: {efficiency: 1}}");
  EXPECT_DOUBLE_EQ(make_hardware(settings, NumberFormat::kFloat32, 1).flops_per_second, 19.5e12);
  EXPECT_DOUBLE_EQ(make_hardware(settings, NumberFormat::kBfloat16, 1).flops_per_second, 312e12);
}

TEST(Hardware, OtherDevicesNeedTheirFigures) {
  try {
    parse("{custom: {memory_gb: 16}}");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("tflops_fp32"), std::string::npos) << error.what();
  }
  const Hardware hardware =
      make_hardware(parse("{custom: {memory_gb: 16, tflops_fp64: 1, tflops_fp32: 2, tflops_bf16: 4, "
                          "memory_gb_per_second: 100, devices_per_node: 2}}"),
                    NumberFormat::kFloat64, 1);
  EXPECT_DOUBLE_EQ(hardware.flops_per_second, 0.5e12);
  EXPECT_GT(hardware.network.bytes_per_second, 0);
}

TEST(Hardware, ThisMachineIsTheDefaultAndSharesItsMemory) {
  const Hardware one = make_hardware(HardwareSettings(), NumberFormat::kFloat32, 1);
  const Hardware four = make_hardware(parse("measured"), NumberFormat::kFloat32, 4);
  EXPECT_EQ(one.memory_bytes, machine_memory());
  EXPECT_EQ(four.memory_bytes, machine_memory() / 4);
  EXPECT_EQ(four.devices_per_node, 4);
  EXPECT_EQ(make_hardware(parse("{measured: {memory_gb: 1.5}}"), NumberFormat::kFloat32, 4).memory_bytes,
            1'500'000'000);
}

}  // namespace
}  // namespace echelon::parallel
