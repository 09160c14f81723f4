#!/usr/bin/env bash
# Runs the image of deploy/docker/build.sh --rootless and classifies images with
# the client inside of it.
#
# Usage: tests/deploy/image_test.sh [IMAGE]     Default: localhost/moevit
#
# Needs buildah and the image: exits with 77, after saying so, without. With
# BUILDAH_ISOLATION=chroot it runs where buildah may not make namespaces. No part
# of ctest.
set -euo pipefail

readonly image=${1:-localhost/moevit}
readonly samples=/usr/share/moevit/samples

fail() {
  echo "image_test.sh: $*" >&2
  exit 1
}

skip() {
  echo "SKIPPED: $*" >&2
  exit 77
}

command -v buildah >/dev/null || skip "buildah is not installed"
buildah inspect --type image "$image" >/dev/null 2>&1 ||
  skip "there is no image $image; deploy/docker/build.sh --rootless makes it"

container=$(buildah from --pull-never "$image")
trap 'buildah rm "$container" >/dev/null' EXIT

inside() {
  buildah run --network=host "$container" -- "$@"
}

# Prints a setting of the image.
setting() {
  buildah inspect --type image --format "{{.Docker.Config.$1}}" "$image"
}
[[ $(setting User) == 10001 ]] || fail "the user is $(setting User)"
[[ $(setting Healthcheck.Test) == *"moevit health"* ]] || fail "no health check"
[[ $(inside id -u) == 10001 ]] || fail "it runs as another user"

# One command for all of it: whatever it started ends with it.
output=$(inside sh -c "
  moevit-server --model_repository=/usr/share/moevit/models \\
    --host=127.0.0.1 --port=0 --metrics_port=0 2>/tmp/log &
  server=\$!
  for second in \$(seq 60); do
    address=\$(sed -n 's/.* serving gRPC on //p' /tmp/log)
    [ -n \"\$address\" ] && moevit health --server=\"\$address\" && break
    sleep 1
  done
  cat /tmp/log
  moevit classify --server=\"\$address\" $samples/ship.jpg $samples/frog.png
  kill \$server
  wait \$server && echo stopped") || fail "the server did not end well: $output"
echo "$output"
for result in "$samples/ship.jpg: ship " "$samples/frog.png: frog " stopped; do
  grep -q "^$result" <<<"$output" || fail "there is no \"$result\""
done
