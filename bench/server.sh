#!/usr/bin/env bash
# Servers for scripts that measure one, to be sourced in the root of the
# repository: one server at a time, which ends with the script. Defines
#
#   start_server FLAG...  serves on free ports, and waits until it does
#   stop_server           waits until it has ended, by force if need be
#   port_of NAME          the port that it said it serves NAME on, e.g. gRPC
#   fail MESSAGE          ends the script
#   bin, work             where the programs are; a directory that goes with the
#                         script
#   server, log           its process, empty for none; what it wrote

readonly bin=${MOEVIT_BIN:-build/release/bin}
readonly server_start_timeout_s=20 server_stop_timeout_s=10
# A proxy for the internet is not for what runs here.
export no_proxy=localhost,127.0.0.1

work=$(mktemp -d)
readonly work log=$work/log
server=

fail() {
  echo "${0##*/}: $*" >&2
  stop_server  # also in a subshell, which has no trap
  exit 1
}

port_of() {
  sed -n "s|.*serving $1 on [^ \"]*:\([0-9]*\).*|\1|p" "$log"
}

start_server() {
  : >"$log"
  "$bin/moevit-server" --host=127.0.0.1 --port=0 "$@" 2>>"$log" &
  server=$!
  local deadline=$((SECONDS + server_start_timeout_s))
  until [[ -n $(port_of gRPC) ]]; do
    kill -0 "$server" 2>/dev/null ||
      fail "the server did not start: $(tail -n 3 "$log")"
    ((SECONDS < deadline)) ||
      fail "the server did not serve within $server_start_timeout_s s"
    sleep 0.05
  done
}

stop_server() {
  [[ -n $server ]] || return 0
  kill -TERM "$server" 2>/dev/null || true
  local deadline=$((SECONDS + server_stop_timeout_s))
  while kill -0 "$server" 2>/dev/null && ((SECONDS < deadline)); do
    sleep 0.05
  done
  kill -KILL "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}

trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
