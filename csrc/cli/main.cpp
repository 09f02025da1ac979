// The program `echelon`. It is small and does not link LibTorch, so that `check`, `schema` and `--help`
// answer at once; the other verbs are in libechelon.so beside it, opened when they are asked for.
#include <dlfcn.h>

#include <cstdio>
#include <exception>

#include "cli/arguments.h"
#include "cli/check.h"
#include "cli/engine.h"
#include "common/error.h"
#include "common/log.h"

namespace {

using echelon::ExitCode;

int run_engine(const echelon::cli::Arguments& arguments) {
  void* library = ::dlopen("libechelon.so", RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) {
    echelon::log::error(
        "{}; it belongs beside the echelon program, and LibTorch where it was built: run launch/bootstrap",
        ::dlerror());
    return static_cast<int>(ExitCode::kInternal);
  }
  const auto run = reinterpret_cast<echelon::cli::EngineEntry>(::dlsym(library, echelon::cli::kEngineSymbol));
  if (run == nullptr) {
    echelon::log::error("{}", ::dlerror());
    return static_cast<int>(ExitCode::kInternal);
  }
  return run(arguments);
}

int run_verb(const echelon::cli::Arguments& arguments) {
  if (arguments.verb == "check") return echelon::cli::check(arguments);
  if (arguments.verb == "schema") return echelon::cli::print_schema(arguments);
  return run_engine(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    int exit_code = 0;
    const auto arguments = echelon::cli::parse_arguments(argc, argv, exit_code);
    return arguments ? run_verb(*arguments) : exit_code;
  } catch (const echelon::Error& error) {
    echelon::log::write_error(error.what());
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    echelon::log::write_error(error.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}
