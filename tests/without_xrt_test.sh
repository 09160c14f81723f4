#!/usr/bin/env bash
# The build without XRT (-DMOEVIT_WITH_XRT=OFF) still fits together: it can be
# configured, and nothing in it links what is only there with XRT. What stands
# in for XRT itself is compiled and tested in every build (xrt_absent_test).
#
# Usage: tests/without_xrt_test.sh DIRECTORY_FOR_THE_BUILD
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

readonly build=$1

fail() {
  echo "without_xrt_test.sh: $*" >&2
  exit 1
}

mkdir -p "$build"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DMOEVIT_BUILD_TESTS=ON -DMOEVIT_WITH_XRT=OFF >"$build/log" 2>&1 ||
  fail "cannot be configured: $(cat "$build/log")"

# CMake takes a library that is no target of the build for one of the system's.
if missing=$(grep -o -e '-lmoevit_[a-z_]*' "$build/build.ninja"); then
  fail "needs libraries that it does not build: $missing"
fi
if with_xrt=$(grep -e xrt_coreutil -e libmoevit_emulat "$build/build.ninja"); then
  fail "uses XRT: $with_xrt"
fi
