// A configuration with every kind of field, for the tests of csrc/config. Its parts live in two namespaces,
// as the settings of two modules do.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/fields.h"

namespace sample_optim {

struct Schedule {
  std::string shape = "cosine";
  int64_t warmup = 100;
  std::optional<int64_t> steps;
  bool operator==(const Schedule&) const = default;
};

struct Common {
  double lr = 0.1;
  std::optional<double> clip_norm;
  Schedule schedule;
  bool operator==(const Common&) const = default;
};
struct Sgd : Common {
  double momentum = 0;
  bool nesterov = false;
  bool operator==(const Sgd&) const = default;
};
struct AdamW : Common {
  std::vector<double> betas = {0.9, 0.999};
  bool operator==(const AdamW&) const = default;
};
using Optimizer = std::variant<Sgd, AdamW>;

void describe(echelon::config::Fields<Schedule>& f);
void describe(echelon::config::Fields<Sgd>& f);
void describe(echelon::config::Fields<AdamW>& f);
void describe(echelon::config::Fields<Optimizer>& f);

}  // namespace sample_optim

namespace sample {

struct Relu {
  bool operator==(const Relu&) const = default;
};
struct Conv {
  int64_t out = 0;
  int kernel = 3;
  bool operator==(const Conv&) const = default;
};
struct Residual;
using Layer = std::variant<Relu, Conv, Residual>;
struct Residual {
  std::vector<Layer> layers;
  bool operator==(const Residual&) const = default;
};

struct Mlp {
  std::vector<int64_t> widths = {128};
  float dropout = 0.1f;
  bool operator==(const Mlp&) const = default;
};
struct Sequential {
  std::vector<Layer> layers;
  bool operator==(const Sequential&) const = default;
};

struct Never {
  bool operator==(const Never&) const = default;
};
struct After {
  int64_t steps = 10;
  int64_t repeats = 1;
  bool operator==(const After&) const = default;
};
struct Signal {
  std::vector<echelon::config::InputPath> files;
  bool operator==(const Signal&) const = default;
};
using Stop = std::variant<Never, After, Signal>;

enum class OnError : uint8_t { kFail, kSkip };

struct Data {
  std::vector<echelon::config::InputPath> train;
  std::optional<echelon::config::InputPath> test;
  std::string note;
  OnError on_error = OnError::kFail;
  int64_t bits = 16;
  bool operator==(const Data&) const = default;
};

struct Settings {
  std::string run = "first";
  int64_t global_batch = 32;
  int64_t micro_batch = 8;
  double tolerance = 1e-3;
  std::variant<Mlp, Sequential> model;
  sample_optim::Optimizer optimizer;
  Data data;
  std::map<std::string, double> weights;
  std::vector<sample_optim::Schedule> phases;
  std::optional<sample_optim::Schedule> finish;
  Stop stop = After{50, 1};
  std::optional<After> pause;
  std::vector<std::string> tags = {"none"};
  bool operator==(const Settings&) const = default;
};

void describe(echelon::config::Fields<Conv>& f);
void describe(echelon::config::Fields<Residual>& f);
void describe(echelon::config::Fields<Layer>& f);
void describe(echelon::config::Fields<Mlp>& f);
void describe(echelon::config::Fields<Sequential>& f);
void describe(echelon::config::Fields<Data>& f);
void describe(echelon::config::Fields<After>& f);
void describe(echelon::config::Fields<Signal>& f);
void describe(echelon::config::Fields<Stop>& f);
void describe(echelon::config::Fields<Settings>& f);

}  // namespace sample
