#!/bin/sh
# check_symbols.sh LIBECHELON LIBECHELON_CUDA: what the CUDA module takes from libechelon.so is there, and libechelon.so
# itself needs nothing of CUDA.
set -eu
exported=$(mktemp)
taken=$(mktemp)
trap 'rm -f "$exported" "$taken"' EXIT
nm -D --defined-only "$1" | awk '{print $NF}' | sort -u >"$exported"
nm -D --undefined-only "$2" | awk '{print $NF}' | grep '7echelon' | sort -u >"$taken"
if [ ! -s "$taken" ]; then
  echo "$2 takes no symbol from $1: nothing was checked"
  exit 1
fi
missing=$(comm -13 "$exported" "$taken" | c++filt)
if [ -n "$missing" ]; then
  echo "$1 does not export what $2 needs:"
  echo "$missing"
  exit 1
fi
if readelf -d "$1" | grep NEEDED | grep -E 'torch_cuda|c10_cuda|nccl'; then
  echo "$1 must not need the libraries above: a CPU machine does not have them"
  exit 1
fi
echo "$(wc -l <"$taken") symbols checked"
