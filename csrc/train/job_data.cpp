#include "train/job_data.h"

#include "common/log.h"
#include "models/registry.h"
#include "train/gpu_decoder.h"
#include "train/precision.h"

namespace echelon::train {
namespace {

data::OpenRequest open_request(const TrainSettings& settings, Ranks& ranks,
                               const data::StoredFeatures& stored) {
  data::OpenRequest request{.seed = static_cast<uint64_t>(settings.seed),
                            .storage = std::make_shared<storage::Storage>(settings.storage),
                            .communicator = &ranks.host(),
                            .gpu_decoder = gpu_decoder(settings.data, ranks.choice()),
                            .device = ranks.device()};
  request.tables = open_tables(settings, request, stored);
  return request;
}

}  // namespace

JobData::JobData(const TrainSettings& settings, Ranks& ranks, const data::StoredFeatures& stored)
    : ranks_(ranks),
      request_(open_request(settings, ranks, stored)),
      settings_(with_tables(settings, request_.tables.get())),
      interface_(models::interface_of(settings_.model)),
      plan_(parallel::plan_batch(settings.global_batch, settings.micro_batch, ranks.grid())) {
  request_.model = {.limit = interface_.output_limit, .document_starts = interface_.document_starts};
}

std::shared_ptr<const data::Dataset> JobData::open(data::Split split) const {
  data::OpenRequest request = request_;
  request.split = split;
  return data::open_dataset(settings_.data, request);
}

data::LoaderOptions JobData::loader_options() const {
  data::LoaderOptions options = data::loader_options(settings_.data);
  options.global_batch = plan_.global_batch;
  options.micro_batch = plan_.micro_batch;
  options.rank = ranks_.groups().replica();
  options.world_size = ranks_.grid().replicas;
  options.seed = static_cast<uint64_t>(settings_.seed);
  options.dtype = storage_type(settings_.precision);
  options.device = ranks_.device();
  options.mix.classes = interface_.output_limit;
  return options;
}

void report_left_out(const data::Dataset& data, std::string_view split) {
  if (data.left_out() == 0) return;
  log::info("left out {} damaged {} samples or shards when they were opened (data.on_error: skip)",
            data.left_out(), split);
}

}  // namespace echelon::train
