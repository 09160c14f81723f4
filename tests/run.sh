#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#
# Usage: tests/run.sh [release|asan|tsan]     Default: release
#
# asan builds with AddressSanitizer and UndefinedBehaviorSanitizer, tsan with
# ThreadSanitizer; the build is kept in build/<preset>. Tests against the
# reference data look for it in $MOEVIT_DATA (default: ../shared/data) and are
# skipped where it is missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

readonly preset=${1:-release}
case $preset in
  release | asan | tsan) ;;
  *)
    sed -n '/^# Usage/,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac

deploy/install_packages.sh build test
cmake --preset "$preset" -DMOEVIT_BUILD_TESTS=ON
cmake --build --preset "$preset" --parallel "$(nproc)"
ctest --preset "$preset" --parallel "$(nproc)"
