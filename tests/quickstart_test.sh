#!/usr/bin/env bash
# Runs deploy/quickstart.sh with programs that are built already and holds its
# output to the names of the sample images: deploy/samples/ship.jpg is a ship.
#
# Usage: tests/quickstart_test.sh DIRECTORY_OF_PROGRAMS
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

fail() {
  echo "quickstart_test.sh: $*" >&2
  exit 1
}

readonly bin=$1
output=$(deploy/quickstart.sh --bin="$bin") || fail "quickstart.sh failed"
echo "$output"

for sample in deploy/samples/*.{jpg,png}; do
  class=${sample##*/}
  class=${class%.*}
  grep -q "^$sample: $class " <<<"$output" || fail "$sample is no $class"
done
grep -q '^moevit_images_total{.*} [1-9]' <<<"$output" ||
  fail "the metrics count no image"

# Unhappy paths end with an error and an explanation.
! message=$(deploy/quickstart.sh --bin=/nonexistent 2>&1) ||
  fail "success without programs"
grep -q 'the server did not start' <<<"$message" || fail "said: $message"
! deploy/quickstart.sh --unknown 2>/dev/null ||
  fail "success with an unknown argument"
