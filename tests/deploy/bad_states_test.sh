#!/usr/bin/env bash
# What the programs do on a machine that is not in order: cards that are not
# there, file systems that cannot be written, files that may not be read.
#
# Usage: tests/deploy/bad_states_test.sh BUILD_DIRECTORY
#
# What needs root is left out without it. Not here: sensors (tests/energy), the
# permission on a card (tests/server/card_node_test.cc), XRT of another version
# (docker_run_test.sh).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

build=$(readlink -f "$1")
readonly build bin=$build/bin
readonly start_timeout_s=60 nobody=65534
export no_proxy=localhost,127.0.0.1

work=$(mktemp -d)
readonly work
server=
clean_up() {
  [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
chmod 755 "$work"

fail() {
  echo "bad_states_test.sh: $*" >&2
  exit 1
}

# refuses TEXT COMMAND...: ends with status 1 and says TEXT.
refuses() {
  local text=$1 status=0
  shift
  output=$("$@" 2>&1 >/dev/null) || status=$?
  ((status == 1)) || fail "status $status, not 1, of: $*: $output"
  grep -q -F -e "$text" <<<"$output" || fail "\"$text\" is not in: $output"
}

# Not the same to two runs at a time.
free_port() {
  local port=$((10000 + RANDOM % 20000))
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do ((++port)); done
  echo "$port"
}

moevit_server() {
  "$bin/moevit-server" --model_repository=models --host=127.0.0.1 \
    --metrics_port=0 "$@"
}

# serves COMMAND...: it is a server that classifies and stops cleanly.
serves() {
  local port deadline=$((SECONDS + start_timeout_s))
  port=$(free_port)
  "$@" --host=127.0.0.1 --port="$port" --metrics_port=0 --devices=cpu &
  server=$!
  until "$bin/moevit" health --server="127.0.0.1:$port" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || fail "did not start: $*"
    ((SECONDS < deadline)) || fail "not ready: $*"
    sleep 0.05
  done
  "$bin/moevit" classify --server="127.0.0.1:$port" deploy/samples/ship.jpg \
    >/dev/null || fail "does not classify: $*"
  kill -TERM "$server"
  wait "$server" || fail "ended with status $?: $*"
  server=
}

# A card of --devices that is not there, as such or for XRT.
card=0000:3b:00.1
refuses "device xrt:$card needs a card image" \
  moevit_server --port=0 --devices="xrt:$card"
touch "$work/card.xclbin"
image=$build/lib/moevit/moevit_card_image.xclbin
if [[ -f $image ]]; then
  unset XILINX_XRT
  refuses "opening card $card: No such device" \
    moevit_server --port=0 --devices="xrt:$card,cpu" --card_image="$image"
  refuses "card.xclbin is no card image" \
    moevit_server --port=0 --devices="xrt:$card,cpu" \
    --card_image="$work/card.xclbin"
  # Elsewhere, the program does not know where Debian's XRT is.
  cp "$bin/moevit-server" "$work/"
  refuses "XILINX_XRT is not set" "$work/moevit-server" \
    --model_repository=models --port=0 --metrics_port=0 \
    --devices="xrt:$card,cpu" --card_image="$image"
else
  refuses "built without XRT" moevit_server --port=0 --devices="xrt:$card" \
    --card_image="$work/card.xclbin"
  refuses "builds without XRT" moevit_server --port=0 --devices=emulated:1,cpu
fi

# A full disk: the log is lost and nothing else; what was asked for is not
# taken for written.
full_disk() {
  exec "$bin/moevit-server" --model_repository=models "$@" 2>/dev/full
}
serves full_disk
simulate() {
  "$bin/moevit" simulate --devices=card:launch=1ms:image=1ms --images=100 \
    --load=50% "$@"
}
refuses "cannot write /dev/full" simulate --plot=/dev/full
status=0
message=$(simulate --json 2>&1 >/dev/full) || status=$?
((status == 1)) || fail "status $status although the output is lost"
[[ $message == "moevit simulate: the output cannot be written" ]] ||
  fail "said of a full disk: $message"

refuses "/nonexistent" "$bin/moevit-server" --model_repository=/nonexistent \
  --port=0 --metrics_port=0

if ((EUID != 0)) || ! unshare --mount true 2>/dev/null; then
  echo "SKIPPED in part: a read-only file system and denied files need root"
  exit 0
fi

# No file system can be written, not even /tmp.
read_only() {
  # shellcheck disable=SC2016  # variables of the inner shell
  exec unshare --mount --propagation=private bash -c '
    for place in / /tmp; do
      ! mountpoint --quiet "$place" ||
        mount --options remount,bind,ro "$place"
    done
    ! touch /tmp/written 2>/dev/null && exec "$@"' bash \
    "$bin/moevit-server" --model_repository=models "$@"
}
serves read_only

# A model that the server's user may not read.
cp -r models "$work/models"
chmod 0000 "$work"/models/*/1/weights.safetensors
cp "$bin/moevit-server" "$work/"
refuses "weights.safetensors: Permission denied" \
  setpriv --reuid="$nobody" --regid="$nobody" --clear-groups \
  "$work/moevit-server" --model_repository="$work/models" --port=0 \
  --metrics_port=0 --devices=cpu
