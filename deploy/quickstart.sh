#!/usr/bin/env bash
# Shows the whole path once: installs what is missing, builds, starts a server
# with the bundled model, classifies the sample images, prints a few metrics,
# and stops what it started.
#
# Usage: deploy/quickstart.sh [--serve] [--bin=DIR]
#
#   --serve    goes on serving on ports 8001 (gRPC) and 8002 (metrics) until
#              Ctrl-C; without it, free ports are used
#   --bin=DIR  uses the programs in DIR: installs and builds nothing
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

# A proxy for the internet is not for what runs here.
export no_proxy=localhost,127.0.0.1

readonly samples=deploy/samples
readonly start_timeout_s=30
readonly stop_timeout_s=30

fail() {
  echo "quickstart.sh: $*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
}

port_in_use() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints the first port from $1 on that nobody listens on.
free_port() {
  local port=$1
  while port_in_use "$port"; do
    ((++port < 65536)) || fail "no free port from $1 on"
  done
  echo "$port"
}

build() {
  deploy/install_packages.sh build
  echo "Building; the first time this takes some minutes."
  cmake --preset release -DMOEVIT_BUILD_TESTS=OFF >/dev/null
  cmake --build --preset release --parallel "$(nproc)" \
    --target moevit moevit-server
}

metrics() {
  curl --silent --fail --max-time 5 "http://127.0.0.1:$metrics_port/metrics"
}

# Waits until the server has loaded its model.
wait_until_ready() {
  local page deadline=$((SECONDS + start_timeout_s))
  until page=$(metrics) && grep -q '^moevit_model_ready{.*} 1$' <<<"$page"; do
    kill -0 "$server_pid" 2>/dev/null || fail "the server did not start"
    ((SECONDS < deadline)) ||
      fail "the server was not ready after $start_timeout_s s"
    sleep 0.2
  done
}

# Stops the server, by force if it does not stop by itself.
stop_server() {
  [[ -n $server_pid ]] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  local deadline=$((SECONDS + stop_timeout_s))
  while kill -0 "$server_pid" 2>/dev/null; do
    if ((SECONDS >= deadline)); then
      kill -KILL "$server_pid" 2>/dev/null || true
    fi
    sleep 0.1
  done
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}

serve=false
bin=
for argument in "$@"; do
  case $argument in
    --serve) serve=true ;;
    --bin=*) bin=${argument#--bin=} ;;
    --help | -h)
      usage
      exit 0
      ;;
    *) fail "unknown argument \"$argument\"; see --help" ;;
  esac
done
if [[ -z $bin ]]; then
  build
  bin=build/release/bin
fi

if $serve; then
  host=0.0.0.0 port=8001 metrics_port=8002
  for wanted in $port $metrics_port; do
    ! port_in_use "$wanted" || fail "port $wanted is in use"
  done
else
  host=127.0.0.1
  port=$(free_port 18001)
  metrics_port=$(free_port $((port + 1)))
fi

server_pid=
trap stop_server EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
echo "Starting moevit-server on port $port."
"$bin/moevit-server" --model_repository=models --host="$host" \
  --port="$port" --metrics_port="$metrics_port" &
server_pid=$!
wait_until_ready

echo "Classifying $samples:"
"$bin/moevit" classify --server="127.0.0.1:$port" "$samples"/*.{jpg,png}

echo "Some of http://localhost:$metrics_port/metrics:"
metrics | grep -E '^moevit_(requests|images)_total|^moevit_model_ready'

if $serve; then
  echo "Serving on localhost:$port; Ctrl-C stops it."
  wait "$server_pid"
fi
