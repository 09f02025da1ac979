#include "comm/text_exchange.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "common/error.h"

namespace echelon {
namespace {

struct Outcome {
  ExitCode code = ExitCode::kOk;
  std::string text;  ///< the result, or the message
};

Outcome attempt(const std::function<std::string()>& make) {
  try {
    return {ExitCode::kOk, make()};
  } catch (const Error& error) {
    return {error.exit_code(), error.what()};
  } catch (const std::filesystem::filesystem_error& error) {
    return {ExitCode::kData, error.what()};
  }
}

}  // namespace

std::string broadcast_text(Communicator& comm, const std::string& text, int root) {
  at::Tensor length = at::tensor({static_cast<int64_t>(text.size())}, at::kLong);
  comm.broadcast(length, root, "length of a text")->wait();
  at::Tensor bytes = at::empty({length.item<int64_t>()}, at::kByte);
  if (comm.rank() == root) text.copy(static_cast<char*>(bytes.mutable_data_ptr()), text.size());
  comm.broadcast(bytes, root, "text")->wait();
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(bytes.numel())};
}

std::string text_of_root(Communicator& comm, const std::function<std::string()>& make) {
  const Outcome own = comm.rank() == 0 ? attempt(make) : Outcome{};
  at::Tensor code = at::tensor({static_cast<int64_t>(own.code)}, at::kLong);
  comm.broadcast(code, 0, "outcome")->wait();
  std::string text = broadcast_text(comm, own.text, 0);
  const auto outcome = static_cast<ExitCode>(code.item<int64_t>());
  if (outcome != ExitCode::kOk) throw Error(outcome, text);
  return text;
}

void run_on_root(Communicator& comm, const std::function<void()>& action) {
  text_of_root(comm, [&] {
    action();
    return std::string();
  });
}

std::vector<std::string> gather_texts(Communicator& comm, const std::string& text, const std::string& what) {
  const int size = comm.size();
  at::Tensor lengths = at::empty({size}, at::kLong);
  comm.all_gather(lengths, at::tensor({static_cast<int64_t>(text.size())}, at::kLong), "lengths of " + what)
      ->wait();
  const int64_t longest = lengths.max().item<int64_t>();
  at::Tensor own = at::zeros({longest}, at::kByte), all = at::empty({size, longest}, at::kByte);
  text.copy(static_cast<char*>(own.mutable_data_ptr()), text.size());
  comm.all_gather(all, own, what)->wait();
  std::vector<std::string> texts;
  for (int rank = 0; rank < size; ++rank) {
    const auto* bytes = static_cast<const char*>(all.const_data_ptr()) + rank * longest;
    texts.emplace_back(bytes, static_cast<size_t>(lengths[rank].item<int64_t>()));
  }
  return texts;
}

}  // namespace echelon
