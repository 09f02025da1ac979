#include "comm/nccl/identity.h"

#include <ATen/ATen.h>
#include <cuda_runtime_api.h>

#include <cstring>
#include <map>
#include <string>

#include "common/error.h"
#include "common/format.h"
#include "cuda/backend/event.h"

namespace echelon {
namespace {

constexpr int64_t kIdBytes = NCCL_UNIQUE_ID_BYTES;

std::vector<ncclUniqueId> make_ids(int count) {
  std::vector<ncclUniqueId> ids(count);
  for (ncclUniqueId& id : ids) {
    const ncclResult_t result = ncclGetUniqueId(&id);
    if (result == ncclSuccess) continue;
    throw CommError(str_format("NCCL cannot listen for the other ranks: {} ({}); check NCCL_SOCKET_IFNAME",
                               ncclGetErrorString(result), ncclGetLastError(nullptr)));
  }
  return ids;
}

}  // namespace

std::vector<ncclUniqueId> share_nccl_ids(Communicator& control, int count) {
  const at::Tensor bytes = at::zeros({count * kIdBytes}, at::kByte);
  std::vector<ncclUniqueId> ids(count);
  if (control.rank() == 0) {
    ids = make_ids(count);
    std::memcpy(bytes.data_ptr(), ids.data(), bytes.nbytes());
  }
  control.broadcast(bytes, 0, "NCCL ids")->wait();
  std::memcpy(ids.data(), bytes.data_ptr(), bytes.nbytes());
  return ids;
}

void refuse_shared_gpus(Communicator& control, int device) {
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, device), "asking for a device's identity");
  constexpr int64_t kBytes = sizeof properties.uuid.bytes;
  const at::Tensor mine = at::empty({kBytes}, at::kByte);
  std::memcpy(mine.data_ptr(), properties.uuid.bytes, kBytes);
  const at::Tensor all = at::empty({control.size(), kBytes}, at::kByte);
  control.all_gather(all, mine, "GPU identities")->wait();

  std::map<std::string, int> first_rank;
  for (int rank = 0; rank < control.size(); ++rank) {
    const std::string uuid(static_cast<const char*>(all.const_data_ptr()) + rank * kBytes, kBytes);
    const auto [found, added] = first_rank.emplace(uuid, rank);
    if (added) continue;
    throw CommError(str_format(
        "ranks {} and {} use the same GPU, which NCCL refuses: start as many ranks on a node as it has "
        "GPUs, or set comm.backend: mpi",
        found->second, rank));
  }
}

}  // namespace echelon
