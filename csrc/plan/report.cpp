#include "plan/report.h"

#include <algorithm>

#include "common/format.h"

namespace echelon::plan {
namespace {

/// The ranks of all replicas at a place: "3", or "8-15".
std::string ranks_at(const parallel::Grid& grid, int place) {
  const int first = grid.rank(place, 0), last = grid.rank(place, grid.replicas - 1);
  return first == last ? str_format("{}", first) : str_format("{}-{}", first, last);
}

std::string layers_text(const Plan& plan, const StageRow& stage) {
  const std::string& first = plan.layer_names[stage.first_layer];
  const size_t count = stage.last_layer - stage.first_layer + 1;
  if (count == 1) return first;
  return str_format("{} … {} ({})", first, plan.layer_names[stage.last_layer], count);
}

Table stage_table(const Plan& plan) {
  Table table{"stages: milliseconds of a micro-batch",
              {"stage", "ranks", "layers", "parameters", "forward", "backward", "of inputs", "of weights"},
              {},
              {2}};
  for (const StageRow& stage : plan.stages) {
    table.rows.push_back({std::to_string(stage.stage), ranks_at(plan.job.grid, stage.place),
                          layers_text(plan, stage), human_count(static_cast<double>(stage.parameters)),
                          milliseconds(stage.forward), milliseconds(stage.input + stage.weight),
                          milliseconds(stage.input), milliseconds(stage.weight)});
  }
  return table;
}

struct MemoryColumn {
  const char* title;
  int64_t parallel::StageMemory::*bytes;
};

/// Kinds that no rank needs are left out.
std::vector<MemoryColumn> memory_columns(const std::vector<parallel::StageMemory>& ranks) {
  using parallel::StageMemory;
  std::vector<MemoryColumn> columns{
      {"parameters", &StageMemory::parameters},     {"gradients", &StageMemory::gradients},
      {"optimizer", &StageMemory::optimizer_state}, {"average", &StageMemory::weight_average},
      {"statistics", &StageMemory::buffers},        {"activations", &StageMemory::activations},
      {"put off", &StageMemory::deferred},          {"messages", &StageMemory::messages}};
  std::erase_if(columns, [&](const MemoryColumn& column) {
    return std::ranges::all_of(ranks, [&](const StageMemory& rank) { return rank.*column.bytes == 0; });
  });
  return columns;
}

Table memory_table(const Plan& plan) {
  Table table{str_format("memory of a rank, of {}", bytes_text(plan.job.hardware.memory_bytes)),
              {"ranks", "total"},
              {},
              {}};
  const auto columns = memory_columns(plan.schedule.memory);
  for (const MemoryColumn& column : columns) table.columns.emplace_back(column.title);
  for (size_t place = 0; place < plan.schedule.memory.size(); ++place) {
    const parallel::StageMemory& memory = plan.schedule.memory[place];
    std::vector<std::string> row{ranks_at(plan.job.grid, static_cast<int>(place)),
                                 bytes_text(memory.total())};
    for (const MemoryColumn& column : columns) row.push_back(bytes_text(memory.*column.bytes));
    table.rows.push_back(std::move(row));
  }
  return table;
}

const char* link_name(bool between_nodes) {
  return between_nodes ? "network" : "node";
}

Table link_table(const Plan& plan) {
  Table table{"bytes sent between stages, by a replica",
              {"stages", "ranks", "over", "activations", "gradients", "a step", "time of each"},
              {},
              {}};
  const int64_t micro_batches = plan.batch.micro_steps;
  for (const LinkRow& link : plan.links) {
    table.rows.push_back(
        {str_format("{} ⇄ {}", link.stage, link.stage + 1),
         str_format("{} ⇄ {}", plan.job.grid.rank(link.place, 0), plan.job.grid.rank(link.next_place, 0)),
         link_name(link.between_nodes), bytes_text(link.activation_bytes), bytes_text(link.gradient_bytes),
         bytes_text(micro_batches * (link.activation_bytes + link.gradient_bytes)),
         str_format("{}, {}", short_seconds(link.activation_seconds), short_seconds(link.gradient_seconds))});
  }
  return table;
}

Table reduction_table(const Plan& plan) {
  Table table{str_format("gradients, among {} replicas, a step", plan.job.grid.replicas),
              {"ranks", "over", "sent by each", "time", "not hidden"},
              {},
              {}};
  for (const ReductionRow& row : plan.reductions) {
    table.rows.push_back({ranks_at(plan.job.grid, row.place), link_name(row.between_nodes),
                          bytes_text(row.bytes_sent), short_seconds(row.seconds),
                          short_seconds(row.visible_seconds)});
  }
  return table;
}

std::string speed_text(const Plan& plan) {
  const double samples = plan.samples_per_second();
  std::string text = str_format("{} a step, {} samples/s", short_seconds(plan.seconds()), rate_text(samples));
  if (plan.tokens_per_sample > 0)
    text += str_format(", {} tokens/s", rate_text(samples * static_cast<double>(plan.tokens_per_sample)));
  const double flops =
      plan.flops * static_cast<double>(plan.batch.micro_steps) / (plan.seconds() * plan.job.grid.pipeline);
  return text + str_format(", {}FLOP/s a rank", human_count(flops));
}

std::string schedule_line(const Plan& plan) {
  const schedule::Schedule& schedule = plan.schedule.schedule;
  if (plan.job.grid.pipeline == 1) {
    return str_format("no pipeline; {} micro-batch{} one after the other", schedule.micro_batches,
                      schedule.micro_batches == 1 ? "" : "es");
  }
  return str_format(
      "{}{}, {} stage{}, {} micro-batches; bubble {}", parallel::schedule_text(plan.schedule.settings),
      plan.chosen ? " (fastest that fits)" : "", schedule.stages(), schedule.stages() == 1 ? "" : "s",
      schedule.micro_batches, percent(plan.schedule.timeline.step_idle_rate()));
}

std::string shares_text(const TimeShares& shares) {
  return str_format("computation {}, idle {}, messages {}, reduction {}, optimizer {}",
                    percent(shares.compute), percent(shares.idle), percent(shares.messages),
                    percent(shares.reduction), percent(shares.optimizer));
}

std::vector<std::string> notes_of(const Plan& plan) {
  std::vector<std::string> notes;
  if (!plan.unsplit.empty()) {
    notes.push_back(
        str_format("the backward of these layers cannot be split and runs in the half for inputs: {}",
                   join(plan.unsplit)));
  }
  if (plan.crowd) {
    notes.push_back(
        "times of layers are measured one by one on this machine; messages, reductions and the "
        "optimizer's step are its memory bandwidth");
  } else {
    notes.push_back(
        "times of layers are the larger of arithmetic and memory traffic at the rates above, and "
        "an overhead for each; rates are assumptions (hardware: in the configuration)");
  }
  notes.push_back(
      "collectives are rings in bandwidth, trees in latency; the timeline is that of one pipeline, "
      "whose replicas run alike; reading data, evaluation and checkpoints are left out");
  return notes;
}

}  // namespace

std::string describe_ranks(const parallel::Grid& grid) {
  return str_format("{} rank{} = {} in a pipeline × {} replica{}", grid.ranks(), grid.ranks() == 1 ? "" : "s",
                    grid.pipeline, grid.replicas, grid.replicas == 1 ? "" : "s");
}

std::string describe_hardware(const parallel::Hardware& hardware, const std::optional<Crowd>& crowd) {
  const std::string memory = bytes_text(hardware.memory_bytes);
  if (crowd) {
    return str_format("{}: {:g} cores, {} thread{} a rank, {} a rank at {:.1f} GB/s", hardware.name,
                      crowd->cores, crowd->threads, crowd->threads == 1 ? "" : "s", memory,
                      hardware.memory_bytes_per_second / 1e9);
  }
  return str_format(
      "{}: {} a node, {} a rank, {}FLOP/s, memory {:.0f} GB/s, node {:.0f} GB/s, network {:.0f} GB/s",
      hardware.name, hardware.devices_per_node, memory, human_count(hardware.flops_per_second),
      hardware.memory_bytes_per_second / 1e9, hardware.node.bytes_per_second / 1e9,
      hardware.network.bytes_per_second / 1e9);
}

Report make_report(const Plan& plan) {
  Report report;
  report.title = str_format("echelon plan {}", plan.name);
  report.facts = {
      {"ranks", describe_ranks(plan.job.grid)},
      {"hardware", describe_hardware(plan.job.hardware, plan.crowd)},
      {"model", str_format("{}, {} parameters in {} layers, {}", plan.family,
                           human_count(static_cast<double>(plan.parameters)), plan.layer_names.size(),
                           plan.precision)},
      {"batch", plan.batch.describe(plan.job.grid)},
      {"schedule", schedule_line(plan)},
      {"speed", speed_text(plan)},
      {"time", shares_text(plan.shares)},
      {"limit", plan.limit},
  };
  report.tables = {stage_table(plan), memory_table(plan)};
  if (!plan.links.empty()) report.tables.push_back(link_table(plan));
  if (!plan.reductions.empty()) report.tables.push_back(reduction_table(plan));
  report.notes = notes_of(plan);
  return report;
}

}  // namespace echelon::plan
