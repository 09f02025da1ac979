#include "comm/mpi/call.h"

#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>

#include "comm/reduction.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::mpi {
namespace {

template <at::ScalarType type, Reduce op>
void reduce_function(void* in, void* in_out, int* length, MPI_Datatype*) {
  const std::byte* const sources[] = {static_cast<const std::byte*>(in),
                                      static_cast<const std::byte*>(in_out)};
  std::byte* const destinations[] = {static_cast<std::byte*>(in_out)};
  reduce_elements(type, op, 1, sources, destinations, *length);
}

template <at::ScalarType type>
MPI_User_function* function_of(Reduce op) {
  switch (op) {
    case Reduce::kMin:
      return reduce_function<type, Reduce::kMin>;
    case Reduce::kMax:
      return reduce_function<type, Reduce::kMax>;
    default:
      return reduce_function<type, Reduce::kSum>;
  }
}

MPI_User_function* function_of(at::ScalarType type, Reduce op) {
  switch (type) {
    case at::kFloat:
      return function_of<at::kFloat>(op);
    case at::kDouble:
      return function_of<at::kDouble>(op);
    case at::kHalf:
      return function_of<at::kHalf>(op);
    case at::kBFloat16:
      return function_of<at::kBFloat16>(op);
    case at::kInt:
      return function_of<at::kInt>(op);
    case at::kLong:
      return function_of<at::kLong>(op);
    case at::kByte:
      return function_of<at::kByte>(op);
    default:
      return function_of<at::kBool>(op);
  }
}

}  // namespace

void check(int code, const char* name) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw CommError(str_format("{} failed: {}", name, std::string(text.data(), static_cast<size_t>(length))));
}

void await(MPI_Request& request, NodeGroup& group) {
  constexpr double kEagerSeconds = 1e-3;  // after that the core is better left to computation
  const Stopwatch stopwatch;
  for (;;) {
    int done = 0;
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    const double waited = stopwatch.seconds();
    if (waited < kEagerSeconds) {
      std::this_thread::yield();
      continue;
    }
    group.check(waited);
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

MPI_Datatype datatype(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kHalf:
    case at::kBFloat16:
      return MPI_UINT16_T;
    case at::kInt:
      return MPI_INT32_T;
    case at::kLong:
      return MPI_INT64_T;
    default:
      return MPI_UINT8_T;
  }
}

MPI_Op reduce_op(at::ScalarType type, Reduce op) {
  static std::mutex mutex;
  static std::map<std::tuple<at::ScalarType, Reduce>, MPI_Op> ops;
  const std::lock_guard lock(mutex);
  const auto [found, added] = ops.emplace(std::tuple(type, op), MPI_OP_NULL);
  constexpr int kCommutes = 1;
  if (added) check(MPI_Op_create(function_of(type, op), kCommutes, &found->second), "MPI_Op_create");
  return found->second;
}

}  // namespace echelon::mpi
