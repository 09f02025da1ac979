# Configuring and compiling. Part of launch/bootstrap.
# shellcheck shell=bash disable=SC2154  # variables of launch/bootstrap

default_jobs() {
  local cores by_memory limit
  cores=$(nproc)
  by_memory=$(awk '/^MemTotal/ { print int($2 / 2000000) }' /proc/meminfo || echo "$cores")
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit != max && $((limit / 2000000000)) -lt $by_memory ]]; then by_memory=$((limit / 2000000000)); fi
  echo $((cores < by_memory ? cores : by_memory > 0 ? by_memory : 1))
}

configure() {
  local arguments=(--preset "$preset" -B "$build_dir") user_arguments
  read -ra user_arguments <<<"${ECHELON_CMAKE_ARGS:-}"
  if [[ -n $libtorch ]]; then
    arguments+=("-DLibTorch_ROOT=$libtorch")
  elif [[ $prefix != "$source_dir" ]]; then
    arguments+=("-DLibTorch_ROOT=$deps/site/torch")
  fi
  if [[ -n ${Arrow_ROOT:-} ]]; then
    arguments+=("-DArrow_ROOT=$Arrow_ROOT")
  elif [[ $prefix != "$source_dir" ]]; then
    arguments+=("-DArrow_ROOT=$deps/site/pyarrow")
  fi
  if [[ -n ${CUDA_HOME:-} ]]; then
    arguments+=("-DCUDAToolkit_ROOT=$CUDA_HOME")
  elif [[ -x $deps/site/nvidia/cu13/bin/nvcc ]] && ! own_cuda; then
    arguments+=("-DCUDAToolkit_ROOT=$deps/site/nvidia/cu13")
  fi
  if [[ $tests == none ]]; then arguments+=(-DECHELON_TESTS=OFF -DECHELON_BENCHMARKS=OFF); fi
  arguments+=(${user_arguments[@]+"${user_arguments[@]}"})

  local stamp=$build_dir/bootstrap-arguments.txt
  if [[ -f $build_dir/build.ninja && -f $stamp && $(<"$stamp") == "${arguments[*]}" ]]; then
    say "configure" "already done, in $build_dir"
    return
  fi
  cd "$source_dir" || return
  timed "configure" "cmake ${arguments[*]}" cmake "${arguments[@]}"
  echo "${arguments[*]}" >"$stamp"
}

compile() {
  local targets=() start=$EPOCHREALTIME
  if [[ $tests != all ]]; then
    mapfile -t targets < <(ninja -C "$build_dir" -t targets all | sed -nE 's/^(echelon|echelon_arrow_backend|echelon_cuda_backend): .*/\1/p')
  fi
  say "build" "ninja -C $build_dir -j ${jobs:=$(default_jobs)} ${targets[*]-} …"
  ninja -C "$build_dir" -j "$jobs" ${targets[@]+"${targets[@]}"} ||
    die "the build failed; the compiler's message is above."
  say "build" "done in $(seconds_since "$start") s: $build_dir/echelon"
}
