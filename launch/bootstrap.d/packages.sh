# The system packages: which are missing, and installing them. Part of launch/bootstrap.
# shellcheck shell=bash disable=SC2154  # variables of launch/bootstrap

library_packages=(
  libyaml-cpp-dev libcli11-dev libfmt-dev nlohmann-json3-dev libjpeg-dev libwebp-dev libpcre2-dev libutf8proc-dev
  libsentencepiece-dev libxxhash-dev libzstd-dev zlib1g-dev)
test_packages=(libgtest-dev libgmock-dev)

# The packages this machine should have, without those whose work a tool on PATH already does.
wanted_packages() {
  [[ -n ${CXX:-} ]] || echo g++
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || echo ninja-build
  command -v ccache >/dev/null || echo ccache
  command -v pkg-config >/dev/null || echo pkg-config
  wheels_complete && test_packages_complete || python_with_pip >/dev/null || echo python3-pip
  own_mpi || printf '%s\n' libopenmpi-dev openmpi-bin
  printf '%s\n' "${library_packages[@]}"
  if grep -qs '^VERSION_CODENAME=jammy' /etc/os-release; then echo libpng-dev; else echo libspng-dev; fi
  [[ $tests == none ]] || printf '%s\n' "${test_packages[@]}"
}

# True when MPI comes from somewhere else than the distribution's packages.
own_mpi() {
  [[ -n ${MPI_HOME:-} ]] && return
  local mpicc
  mpicc=$(command -v mpicc) && [[ $mpicc != /usr/bin/mpicc && $mpicc != /bin/mpicc ]]
}

missing_packages() {
  local wanted
  mapfile -t wanted < <(wanted_packages)
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^ii  *//p' | sort -u)
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q || echo "apt-get update failed; trying with the package lists that are here"
  apt-get install -q -y --no-install-recommends -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

install_system_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "system packages" "not Debian or Ubuntu; CMake will look for what these packages hold there:"
    wanted_packages | xargs -r printf '  %s\n'
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if [[ ${#missing[@]} == 0 ]]; then
    say "system packages" "all there"
  elif [[ $EUID == 0 ]]; then
    timed "system packages" "installing ${missing[*]}" apt_install "${missing[@]}"
  else
    die "these system packages are missing, and installing them takes root. Ask an administrator for:

  apt-get install --no-install-recommends ${missing[*]}

or load environment modules that hold them and give --no-system-packages."
  fi
}
