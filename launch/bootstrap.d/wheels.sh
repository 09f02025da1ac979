# LibTorch, the CUDA libraries and Arrow, from wheels, and the tests' Python packages. Part of launch/bootstrap.
# shellcheck shell=bash disable=SC2154  # variables of launch/bootstrap

# Pinned together, by torch's metadata: libtorch_cpu.so needs the two CUDA libraries beside it, libechelon_cuda is compiled
# against NCCL and nvJPEG (which torch does not know), and libtorch_cuda.so needs the rest to run. The compiler stands in for a CUDA toolkit where there is none.
wheels=(torch==2.11.0 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85)
arrow_wheel=pyarrow==23.0.1
nccl_wheel=nvidia-nccl-cu13==2.28.9
nvjpeg_wheel=nvidia-nvjpeg==13.0.4.44
nvcc_wheels=(
  nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-cccl==13.0.85)
gpu_wheels=(
  nvidia-cublas==13.1.0.3 nvidia-cuda-nvrtc==13.0.88 nvidia-cudnn-cu13==9.19.0.56 nvidia-cufft==12.0.0.61
  nvidia-cufile==1.15.1.6 nvidia-curand==10.4.0.35 nvidia-cusolver==12.0.4.66 nvidia-cusparse==12.6.3.3
  nvidia-cusparselt-cu13==0.8.0 nvidia-nvjitlink==13.0.88 nvidia-nvshmem-cu13==3.4.5)

# Adds to `wheels` what the options ask for.
choose_wheels() {
  if [[ -n $libtorch ]]; then
    wheels=()  # yours brings its CUDA libraries, too
  elif own_cuda; then
    if [[ $gpu == yes || $tests == all ]]; then wheels+=("$nccl_wheel" "$nvjpeg_wheel"); fi
  elif [[ $gpu == yes ]]; then
    wheels+=("$nccl_wheel" "$nvjpeg_wheel" "${nvcc_wheels[@]}")
  fi
  if [[ $gpu == yes && -z $libtorch ]]; then wheels+=("${gpu_wheels[@]}"); fi
  if [[ -z ${Arrow_ROOT:-} ]]; then wheels+=("$arrow_wheel"); fi
}

# True when a CUDA toolkit is there; CMake looks at the same places, but for CUDA_HOME.
own_cuda() { [[ -n ${CUDA_HOME:-}${CUDA_PATH:-} || -x /usr/local/cuda/bin/nvcc ]] || command -v nvcc >/dev/null; }

# A Python that can fetch wheels: the one on PATH, else the system's.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      echo "$python"
      return
    fi
  done
  return 1
}

pip_install() {
  local python
  python=$(python_with_pip) || { echo "No python3 with pip to fetch wheels with: install python3-pip."; return 1; }
  # Temporary files beside the target: a move into it is then a rename, and /tmp may be small.
  TMPDIR=$deps/tmp PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_WARN_SCRIPT_LOCATION=1 \
    "$python" -m pip install --quiet --no-cache-dir --no-compile --only-binary=:all: "$@"
}

wheels_complete() {
  local stamp=$deps/site/echelon-wheels.txt wheel
  [[ ${#wheels[@]} == 0 ]] && return
  [[ -f $stamp ]] || return 1
  for wheel in "${wheels[@]}"; do grep -qxF "$wheel" "$stamp" || return 1; done
}

# True when DIR holds the wheel NAME==VERSION with every file it lists at its right size.
wheel_intact() {
  local site=$1 name=${2%%==*} version=${2##*==}
  local record=$site/${name//-/_}-$version.dist-info/RECORD
  [[ -f $record ]] || return 1
  diff -q <(sed -E '/^\.\.\//d; s/^(.*),[^,]*,([0-9]+)\r?$/\2 \1/; t; d' "$record" | sort) \
    <(cd "$site" && sed -E '/^\.\.\//d; s/^(.*),[^,]*,[0-9]+\r?$/\1/; t; d' "$record" |
      xargs -d '\n' stat -c '%s %n' 2>/dev/null | sort) >/dev/null
}

# remove_wheel SITE NAME: the files of whatever version is there.
remove_wheel() {
  local record
  for record in "$1/${2//-/_}"-*.dist-info/RECORD; do
    [[ -f $record ]] || continue
    (cd "$1" && sed -E 's/,[^,]*,[^,]*$//; /^\.\.\//d' "$record" | xargs -d '\n' rm -f)
  done
}

# trim_arrow SITE: leaves the headers and the two libraries of a freshly unpacked pyarrow, less than half of it, and lists
# in its RECORD what is left.
trim_arrow() {
  local record
  for record in "$1"/pyarrow-*.dist-info/RECORD; do
    [[ -f $record ]] || continue
    local kept='^(pyarrow/include/|pyarrow/lib(arrow|parquet)\.so\.[0-9]+,|pyarrow-[^/]*\.dist-info/)'
    grep -vE "$kept" "$record" | sed -E 's/,[^,]*,[^,]*$//; /^\.\.\//d' | (cd "$1" && xargs -d '\n' rm -f)
    grep -E "$kept" "$record" >"$deps/tmp/record"
    mv "$deps/tmp/record" "$record"
    find "$1/pyarrow" -type d -empty -delete
  done
}

# link_tree FROM TO: the same files in another folder, by hard links where the file system has them.
link_tree() { cp -al --remove-destination "$1/." "$2" 2>/dev/null || cp -a --remove-destination "$1/." "$2"; }

# .deps/site is complete or absent: new wheels are unpacked beside it and it is replaced as a whole. Wheels already there
# come over as hard links, so that nothing is fetched or compiled again.
unpack_wheels() {
  local site=$deps/site new=$deps/tmp/site fetch=() wheel
  for wheel in "${wheels[@]}"; do
    wheel_intact "$site" "$wheel" || fetch+=("$wheel")
  done
  if [[ ${#fetch[@]} == 0 ]]; then
    finish_site "$site"
    return
  fi

  mkdir "$new"
  if [[ ${#fetch[@]} -lt ${#wheels[@]} ]]; then link_tree "$site" "$new"; fi
  for wheel in "${fetch[@]}"; do remove_wheel "$new" "${wheel%%==*}"; done
  echo "fetching ${fetch[*]}"
  # Any Python's wheels do, for only headers and libraries are used: the same ones everywhere.
  pip_install --no-deps --python-version 3.12 --implementation cp --target "$deps/tmp/fetched" "${fetch[@]}"
  trim_arrow "$deps/tmp/fetched"
  link_tree "$deps/tmp/fetched" "$new"
  for wheel in "${wheels[@]}"; do
    wheel_intact "$new" "$wheel" || { echo "$wheel is not complete after unpacking"; return 1; }
  done
  finish_site "$new"
  if [[ -e $site ]]; then mv "$site" "$deps/tmp/old"; fi
  mv "$new" "$site"
}

# finish_site SITE: the name that the linker wants and wheels do not hold, and the stamp, which lists the wheels.
finish_site() {
  if [[ -d $1/nvidia/cu13/lib ]]; then ln -sf libcudart.so.13 "$1/nvidia/cu13/lib/libcudart.so"; fi
  local stamp=$1/echelon-wheels.txt known=() wheel
  if [[ -f $stamp ]]; then mapfile -t known <"$stamp"; fi
  for wheel in ${known[@]+"${known[@]}"}; do
    if wheel_intact "$1" "$wheel"; then echo "$wheel"; fi
  done >"$deps/tmp/stamp"
  printf '%s\n' "${wheels[@]}" | sort -u - "$deps/tmp/stamp" >"$deps/tmp/sorted"
  mv "$deps/tmp/sorted" "$stamp"
}

# Names what .deps/test-python should hold: the requirements file, and the Python its compiled modules are for.
test_stamp() {
  echo "$(python3 -c 'import sys; print(*sys.version_info[:2], sep=".")') $(cat "$source_dir"/tests/{,tokenizer/}requirements.txt | cksum)"
}

test_packages_complete() {
  local stamp=$deps/test-python/echelon-stamp.txt
  [[ $tests != all ]] || [[ -f $stamp && $(<"$stamp") == "$(test_stamp)" ]]
}

unpack_test_packages() {
  pip_install --target "$deps/tmp/test-python" -r "$source_dir/tests/requirements.txt"
  pip_install --no-deps --target "$deps/tmp/test-python" -r "$source_dir/tests/tokenizer/requirements.txt"
  test_stamp >"$deps/tmp/test-python/echelon-stamp.txt"
  rm -rf "$deps/test-python"
  mv "$deps/tmp/test-python" "$deps/test-python"
}

# in_clean_folder FUNCTION: with an empty $deps/tmp, which goes away afterwards.
in_clean_folder() {
  rm -rf "$deps/tmp"
  mkdir -p "$deps/tmp"
  "$1"
  rm -rf "$deps/tmp"
}

install_wheels() {
  if [[ -n $libtorch ]]; then say "LibTorch" "yours, $libtorch"; fi
  if wheels_complete; then
    say "wheels" "all there"
  else
    timed "wheels" "unpacking what is missing of ${wheels[*]} into $deps/site" in_clean_folder unpack_wheels
  fi
}

install_test_packages() {
  [[ $tests == all ]] || return 0
  if test_packages_complete; then
    say "test packages" "all there"
  else
    timed "test packages" "unpacking $(sed 's/#.*//' "$source_dir/tests/requirements.txt" | xargs) into $deps/test-python" \
      in_clean_folder unpack_test_packages
  fi
}
