#!/usr/bin/env bash
# The server with emulated cards: the same answers as on the CPU, metrics by
# device, and a shutdown in time while a card hangs.
#
# Usage: tests/server/card_server_test.sh DIRECTORY_OF_PROGRAMS
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly bin=$1
readonly patience_s=120
export no_proxy=localhost,127.0.0.1

work=$(mktemp -d)
readonly work
server_pid=
trap '[[ -z $server_pid ]] || kill -KILL "$server_pid"; rm -rf "$work"' EXIT

fail() {
  echo "card_server_test.sh: $*" >&2
  cat "$work/log" >&2
  exit 1
}

# Waits until the command $@ succeeds.
await() {
  local deadline=$((SECONDS + patience_s))
  until "$@"; do
    ((SECONDS < deadline)) || fail "not within $patience_s s: $*"
    sleep 0.05
  done
}

# The port that the server said it serves $1 on.
port_of() {
  sed -n "s|.* serving $1 on .*:\([0-9]*\).*|\1|p" "$work/log"
}

serves_or_ended() {
  [[ -n $(port_of gRPC) ]] || ! kill -0 "$server_pid" 2>/dev/null
}

start_server() {
  : >"$work/log"
  "$bin/moevit-server" --model_repository=models --host=127.0.0.1 --port=0 \
    --metrics_port=0 "$@" 2>>"$work/log" &
  server_pid=$!
  await serves_or_ended
  [[ -n $(port_of gRPC) ]] || fail "did not start with $*"
}

ended() {
  ! kill -0 "$server_pid" 2>/dev/null
}

# Its exit code is the server's.
stop_server() {
  local code=0
  kill -TERM "$server_pid"
  await ended
  wait "$server_pid" || code=$?
  server_pid=
  return "$code"
}

# The class of every sample, without what differs from run to run.
classify() {
  "$bin/moevit" classify --server="127.0.0.1:$(port_of gRPC)" \
    deploy/samples/*.{jpg,png} >"$work/$1"
}

# Whether the metrics have a line like $1.
shows() {
  local metrics
  metrics=$(curl --silent --fail --max-time 5 \
    "http://127.0.0.1:$(port_of 'metrics')/metrics") &&
    grep -q "$1" <<<"$metrics"
}

start_server --devices=cpu
classify cpu
stop_server || fail "did not stop cleanly"

start_server --devices=emulated:2
classify cards
cmp "$work/cpu" "$work/cards" || fail "cards answer otherwise than the CPU"
for card in emulated:0 emulated:1; do
  shows "^moevit_device_state{device=\"$card\",state=\"serving\"} 1" ||
    fail "no state of $card"
done
shows '^moevit_device_batches_total{device="emulated:.*} [1-9]' ||
  fail "no batch ran on a card"
stop_server || fail "did not stop cleanly"

# A model whose 24 experts exceed the memory of both cards three times over,
# while one of them fails within a batch and comes back. Loading has 19 launches
# on it; the first batch of a client has at least six.
readonly launch_of_shared=22
MOEVIT_EMULATED_FAULTS="error:card=1,nth=$launch_of_shared" \
  start_server --devices=emulated:2 --card_memory=640000
readonly of_model='model="cifar10-moe-vit",version="1"'
card_is_back() {
  classify shared
  cmp "$work/cpu" "$work/shared" || fail "shared experts answer otherwise"
  shows "^moevit_expert_device_losses_total{device=\"emulated:1\",$of_model} 1" &&
    shows "^moevit_expert_device_lost{device=\"emulated:1\",$of_model} 0"
}
await card_is_back
for card in emulated:0 emulated:1; do
  for what in weight_misses moved_bytes rows; do
    shows "^moevit_expert_${what}_total{device=\"$card\",$of_model} [1-9]" ||
      fail "no $what of $card"
  done
done
shows "^moevit_device_batches_total{device=\"cards\"} [1-9]" ||
  fail "no batch on all cards together"
shows '^moevit_device_failures_total{device="cards"} 0' || fail "a failed batch"
stop_server || fail "did not stop cleanly"
grep -q 'ERROR device emulated:1 is quarantined: .*linear_1 failed' "$work/log" ||
  fail "the log does not tell of the lost card"
grep -q 'INFO device emulated:1 serves again' "$work/log" ||
  fail "the log does not tell of the return"

# Loading runs an image of 53 launches in each of nine executors; what comes
# after them is a client's.
readonly launch_of_client=500

# The first batch hangs, is given up, and runs again on the card that was
# brought back, although the server is stopping.
MOEVIT_EMULATED_FAULTS="hang:nth=$launch_of_client" \
  start_server --devices=emulated:1 --card_verification=none --card_timeout=2s
classify again &
client_pid=$!
await shows '^moevit_device_busy_lanes{.*} [1-9]'
stop_server || fail "did not answer what it had accepted"
wait "$client_pid" || fail "a client got an error"
cmp "$work/cpu" "$work/again" || fail "another answer after a card hung"
grep -q 'ERROR device emulated:0 is quarantined: .*launch of' "$work/log" ||
  fail "the log does not tell of the failure"
grep -q 'INFO device emulated:0 serves again' "$work/log" ||
  fail "the log does not tell of the return"

# R6: a card that hangs for good does not keep the server. Starts one whose first
# batch of a client hangs on every attempt, with the flags $@, and stops it then.
stop_while_the_card_hangs() {
  MOEVIT_EMULATED_FAULTS="hang:nth=$launch_of_client,count=inf" start_server \
    --devices=emulated:1 --card_verification=none --max_request_time=1h \
    --drain_grace=1s "$@"
  classify never 2>/dev/null &
  client_pid=$!
  await shows '^moevit_device_busy_lanes{.*} [1-9]'
  ! stop_server || fail "success although an image was not answered"
  ! wait "$client_pid" || fail "an answer from a card that hangs"
}

# The batch is given up again and again, for longer than the test has patience.
stop_while_the_card_hangs --card_timeout=500ms --max_outage=1h
# It is not given up.
stop_while_the_card_hangs --card_timeout=1h
grep -q 'ERROR the shutdown did not end within' "$work/log" ||
  fail "it does not say why it gave up"
