#!/usr/bin/env bash
# Checks that a container can use an Alveo card of this host, and prints what
# the container needs for it: its render node.
#
# Usage: deploy/docker/preflight.sh --card=BDF --container_xrt=VERSION
#   --card=BDF                the card's PCIe address, such as 0000:3b:00.1
#   --container_xrt=VERSION   XRT in the image, such as 2.13.466
#   --sysfs=DIR, --dri=DIR    instead of /sys and /dev/dri
#
# Exits with 1 and says what to do where the card cannot work. The XRT in the
# container talks to the driver of the host, and only equal versions are known
# to understand each other.
set -euo pipefail

fail() {
  echo "preflight.sh: $*" >&2
  exit 1
}

card=
container_xrt=
sysfs=/sys
dri=/dev/dri
for argument in "$@"; do
  case $argument in
    --card=*) card=${argument#*=} ;;
    --container_xrt=*) container_xrt=${argument#*=} ;;
    --sysfs=*) sysfs=${argument#*=} ;;
    --dri=*) dri=${argument#*=} ;;
    *) fail "unknown argument \"$argument\"" ;;
  esac
done
[[ -n $card && -n $container_xrt ]] ||
  fail "--card and --container_xrt are required"

readonly driver=$sysfs/bus/pci/drivers/xocl
readonly device=$sysfs/bus/pci/devices/$card

[[ -d $driver ]] ||
  fail "this host has no xocl driver: install XRT $container_xrt on it"
if [[ ! -d $device || ! -e $driver/$card ]]; then
  cards=$(find "$driver" -maxdepth 1 -name '????:??:??.?' -printf '%f ')
  fail "there is no card at $card; the cards of this host: ${cards:-none}"
fi

# Such as "2.13.466,hash".
host_xrt=$(cut -d, -f1 "$driver/module/version" 2>/dev/null) ||
  fail "$driver/module/version cannot be read"
if [[ $host_xrt != "$container_xrt" ]]; then
  fail "the host's driver is of XRT $host_xrt, the image has XRT" \
    "$container_xrt: install XRT $container_xrt on the host, or build the" \
    "image with XRT $host_xrt"
fi

shopt -s nullglob
nodes=("$device"/drm/renderD*)
((${#nodes[@]} == 1)) ||
  fail "$card has no render node: it is not ready; see xbutil examine"
node=$dri/${nodes[0]##*/}
[[ -e $node ]] || fail "$node of $card is missing: is udev running?"
# The user in the container joins the node's group.
mode=$(stat -c %a "$node")
(((8#$mode & 8#060) == 8#060 || (8#$mode & 8#006) == 8#006)) ||
  fail "no permission on $node (mode $mode) but for its owner:" \
    "as root, chmod g+rw $node"
echo "$node"
