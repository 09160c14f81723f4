#!/usr/bin/env bash
# Installs a Debian package into a fresh Debian 12, in which nothing else is,
# starts the server as the service does and classifies images. Then removes it.
#
# Usage: tests/deploy/package_test.sh PACKAGE.deb
#
# Takes minutes, and needs root, debootstrap and Debian's mirrors: exits with
# 77, after saying so, where one is missing. No part of ctest.
set -euo pipefail

readonly start_timeout_s=60 samples=/usr/share/moevit/samples

fail() {
  echo "package_test.sh: $*" >&2
  exit 1
}

skip() {
  echo "SKIPPED: $*" >&2
  exit 77
}

[[ $# == 1 && -f $1 ]] || fail "one argument, the package"
((EUID == 0)) || skip "debootstrap needs root"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"

root=$(mktemp -d)
log=$(mktemp)
readonly root log
# The server in it is not root.
chmod 755 "$root"
server_pid=
clean_up() {
  [[ -z $server_pid ]] || kill -KILL "$server_pid" 2>/dev/null || true
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root" "$log"
}
trap clean_up EXIT

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
    chroot "$root" "$@"
}

# There is no terminal for apt to log from.
get() {
  inside apt-get --yes --quiet=2 --option=Dpkg::Use-Pty=0 "$@" >/dev/null
}

echo "Making a root file system."
debootstrap --variant=minbase bookworm "$root" >"$log" 2>&1 ||
  skip "debootstrap cannot make one: $(tail -n 1 "$log")"
mount -t proc proc "$root/proc"

echo "Installing the package."
cp "$1" "$root/moevit.deb"
get install --no-install-recommends /moevit.deb || fail "apt-get install failed"
rm "$root/moevit.deb"

# Prints where the server listens, once its log says so.
address() {
  sed -n 's/.* serving gRPC on \(.*\)/\1/p' "$log"
}

wait_until_ready() {
  local deadline=$((SECONDS + start_timeout_s))
  until inside moevit health --server="$(address)" 2>/dev/null; do
    kill -0 "$server_pid" 2>/dev/null ||
      fail "the server did not start: $(tail -n 3 "$log")"
    ((SECONDS < deadline)) || fail "not ready after $start_timeout_s s"
    sleep 0.5
  done
}

# The names of the samples are their classes.
expect_samples_classified() {
  local output class
  output=$(inside moevit classify --server="$(address)" \
    "$samples/ship.jpg" "$samples/frog.png") || fail "classify failed"
  echo "$output"
  for class in ship frog; do
    grep -q "^$samples/$class\.[a-z]*: $class " <<<"$output" ||
      fail "$class is not recognized"
  done
}

# Starts the server with the package's configuration; stops with the test.
start_server() {
  : >"$log"
  env -i PATH=/usr/sbin:/usr/bin:/bin chroot --userspec=nobody "$root" \
    moevit-server --config=/etc/moevit/server.pbtxt --host=127.0.0.1 \
    --port=0 --metrics_port=0 "$@" 2>"$log" &
  server_pid=$!
  wait_until_ready
}

stop_server() {
  kill -TERM "$server_pid"
  wait "$server_pid" || fail "the server ended with status $?"
  server_pid=
}

start_server
expect_samples_classified
stop_server
start_server --devices=emulated:1
expect_samples_classified
stop_server

echo "Removing the package."
get purge moevit || fail "apt-get purge failed"
left=$(find "$root/etc/moevit" "$root/usr/share/moevit" "$root/usr/lib/moevit" \
  2>/dev/null || true)
[[ -z $left ]] || fail "left behind: $left"
