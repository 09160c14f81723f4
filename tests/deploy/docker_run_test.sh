#!/usr/bin/env bash
# Holds deploy/docker/run.sh to what it passes to Docker and to what it says of
# cards that cannot work. Docker and the host's cards are imitated: a script,
# and a few files in place of /sys and /dev/dri.
#
# Usage: tests/deploy/docker_run_test.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

host=$(mktemp -d)
trap 'rm -rf "$host"' EXIT
readonly card=0000:3b:00.1
readonly driver=$host/sys/bus/pci/drivers/xocl

fail() {
  echo "docker_run_test.sh: $*" >&2
  exit 1
}

# A Docker that says which XRT an image has, and prints its other calls.
mkdir "$host/bin"
cat >"$host/bin/docker" <<'END'
#!/bin/sh
case "$*" in
  *dpkg-query*image-without-xrt*) exit 1 ;;
  *dpkg-query*) printf 202210.2.13.466+dfsg-8 ;;
  *) echo docker "$@" ;;
esac
END
chmod +x "$host/bin/docker"
touch "$host/card.xclbin"

# Makes a host whose card is in order.
make_host() {
  local device=$host/sys/bus/pci/devices/$card
  rm -rf "$host/sys" "$host/dri"
  mkdir -p "$driver/module" "$device/drm/renderD128" "$host/dri"
  ln -s "$device" "$driver/$card"
  echo 2.13.466,f5505e402c2ca1ffe45eb6d3a9399b23a0dc8776 \
    >"$driver/module/version"
  touch "$host/dri/renderD128"
  chmod 0660 "$host/dri/renderD128"
}

run() {
  PATH=$host/bin:$PATH \
    MOEVIT_PREFLIGHT_FLAGS="--sysfs=$host/sys --dri=$host/dri" \
    deploy/docker/run.sh "$@" 2>&1
}

run_with_card() {
  run --card="$card" --card_image="$host/card.xclbin" "$@"
}

expect() {
  grep -q -e "$1" <<<"$output" || fail "\"$1\" is not in: $output"
}

expect_refusal() {
  ! output=$(run_with_card) || fail "ran in spite of: $1"
  expect "$1"
}

# Without a card, nothing of the host is in the container.
output=$(run)
expect '^docker run .*--read-only .*--cap-drop=ALL.* moevit --model_repository'
! grep -q -e --device= <<<"$output" || fail "a device without --card: $output"
output=$(run --image=other --models=deploy -- --max_batch_size=4)
expect ':/models:ro other --model_repository=/models --max_batch_size=4$'

make_host
output=$(run_with_card)
expect "--device=$host/dri/renderD128"
expect "--group-add=$(stat -c %g "$host/dri/renderD128") "
expect "--devices=xrt:$card,cpu --card_image=/card.xclbin"

! output=$(run --card="$card") || fail "a card without an image"
expect '--card needs --card_image'
! output=$(run --models="$host/none") || fail "ran without its models"
expect 'no directory'

rm "$driver/$card"
expect_refusal 'there is no card at 0000:3b:00.1; .* none'
rm -r "$driver"
expect_refusal 'no xocl driver: install XRT 2.13.466'

make_host
echo 2.16.204,abc >"$driver/module/version"
expect_refusal 'driver is of XRT 2.16.204, the image has XRT 2.13.466: install'
rm "$driver/module/version"
expect_refusal 'module/version cannot be read'
! output=$(run_with_card --image=image-without-xrt) || fail "an unknown XRT"
expect 'image-without-xrt does not tell which XRT it has'

make_host
rm "$host/dri/renderD128"
expect_refusal 'renderD128 of 0000:3b:00.1 is missing'
rm -r "$host/sys/bus/pci/devices/$card/drm"
expect_refusal '0000:3b:00.1 has no render node'

make_host
chmod 0600 "$host/dri/renderD128"
expect_refusal 'no permission on .*renderD128 (mode 600)'
