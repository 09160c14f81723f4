#!/usr/bin/env bash
# Runs the image of moevit-server, with an Alveo card of this host or without.
#
# Usage: deploy/docker/run.sh [FLAG...] [-- SERVER_FLAG...]
#   --image=NAME              the image; default: moevit
#   --card=BDF                passes the card at this PCIe address into the
#                             container, such as 0000:3b:00.1
#   --card_image=FILE.xclbin  what the card is loaded with
#   --models=DIR              a model repository instead of the bundled one
#
# The container has a read-only root, no capabilities and nothing of the host
# but the card's render node. Ports: 8001 (gRPC), 8002 (metrics).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here

fail() {
  echo "run.sh: $*" >&2
  exit 1
}

# Prints the version of XRT in image $1: Debian's package 202210.2.13.466+dfsg-8
# has 2.13.466.
xrt_of_image() {
  docker run --rm --network=none --entrypoint=dpkg-query "$1" --show \
    --showformat='${Version}' libxrt1 | sed 's/^[0-9]*\.\([0-9.]*\).*/\1/'
}

image=moevit
card=
card_image=
models=
while (($# > 0)); do
  case $1 in
    --image=*) image=${1#*=} ;;
    --card=*) card=${1#*=} ;;
    --card_image=*) card_image=${1#*=} ;;
    --models=*) models=${1#*=} ;;
    --help | -h)
      sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
      exit 0
      ;;
    --)
      shift
      break
      ;;
    *) fail "unknown argument \"$1\"; see --help" ;;
  esac
  shift
done

# The server drains for 20 s and ends 5 s later at the latest.
container=(--rm --read-only --tmpfs=/tmp --cap-drop=ALL
  --security-opt=no-new-privileges --stop-timeout=30
  --publish=8001:8001 --publish=8002:8002)
server=(--model_repository=/usr/share/moevit/models)
if [[ -n $models ]]; then
  [[ -d $models ]] || fail "there is no directory $models"
  container+=("--volume=$(readlink -f "$models"):/models:ro")
  server=(--model_repository=/models)
fi
if [[ -n $card ]]; then
  [[ -f $card_image ]] || fail "--card needs --card_image, a file"
  container_xrt=$(xrt_of_image "$image") ||
    fail "the image $image does not tell which XRT it has"
  # MOEVIT_PREFLIGHT_FLAGS is for tests of this script.
  # shellcheck disable=SC2086
  node=$("$here/preflight.sh" --card="$card" \
    --container_xrt="$container_xrt" ${MOEVIT_PREFLIGHT_FLAGS-}) || exit 1
  container+=("--device=$node" "--group-add=$(stat -c %g "$node")"
    "--volume=$(readlink -f "$card_image"):/card.xclbin:ro")
  server+=("--devices=xrt:$card,cpu" --card_image=/card.xclbin)
fi
exec docker run "${container[@]}" "$image" "${server[@]}" "$@"
