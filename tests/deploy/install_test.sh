#!/usr/bin/env bash
# Installs a build into an empty directory and uses what is there: the programs
# find what belongs to them, each command has its page and its completion.
#
# Usage: tests/deploy/install_test.sh BUILD_DIRECTORY
set -euo pipefail

fail() {
  echo "install_test.sh: $*" >&2
  exit 1
}

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
install_build() {
  DESTDIR=$prefix cmake --install "$@" --prefix /usr >/dev/null
}
install_build "$1"
readonly usr=$prefix/usr share=$prefix/usr/share

[[ $("$usr/bin/moevit" --version) == "moevit "* ]] || fail "moevit does not run"
[[ $("$usr/bin/moevit-server" --version) == "moevit-server "* ]] ||
  fail "moevit-server does not run"
[[ -f $share/moevit/models/cifar10-moe-vit/1/weights.safetensors ]] ||
  fail "the bundled model is missing"
[[ -f $share/doc/moevit/copyright ]] || fail "it does not say who may copy it"
if [[ -f $1/lib/moevit/libmoevit_emulated_card.so ]]; then
  [[ -f $usr/lib/moevit/moevit_card_image.xclbin ]] ||
    fail "the emulated cards' image is missing"
  # XRT looks for the card, hence has found its own parts.
  error=$(env --unset=XILINX_XRT "$usr/bin/moevit-server" --port=0 \
    --metrics_port=0 --model_repository="$share/moevit/models" \
    --devices=xrt:0000:3b:00.1 \
    --card_image="$usr/lib/moevit/moevit_card_image.xclbin" 2>&1) &&
    fail "it serves on a card that is not there"
  grep -q 'opening card 0000:3b:00.1: No such device' <<<"$error" ||
    fail "said of an absent card: $error"
fi

# The service is the package's, and starts what is installed.
[[ ! -e $prefix/etc ]] || fail "without the service, it writes to /etc"
install_build "$1" --component service
readonly unit=$usr/lib/systemd/system/moevit-server.service
if [[ -f $unit ]]; then
  grep -q '^ExecStart=/usr/bin/moevit-server --config=/etc/moevit/server.pbtxt$' \
    "$unit" || fail "the service starts something else"
  [[ -f $prefix/etc/moevit/server.pbtxt ]] ||
    fail "the service has no settings"
  if command -v systemd-analyze >/dev/null; then
    sed -i "s|^ExecStart=/usr|ExecStart=$usr|" "$unit"
    complaints=$(systemd-analyze verify --man=no "$unit" 2>&1) || true
    [[ -z $complaints ]] || fail "systemd says of the service: $complaints"
  fi
fi

# Prints what bash completes after the words of a command line.
complete_words() {
  # shellcheck source=/dev/null
  (
    source "$share/bash-completion/completions/$1"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    "_${1//-/_}"
    echo "${COMPREPLY[*]}"
  )
}

for command in bench classify health load plan simulate; do
  page=$share/man/man1/moevit-$command.1.gz
  grep -q "^moevit.*$command" <<<"$(gunzip --stdout "$page")" ||
    fail "bad: $page"
  [[ " $(complete_words moevit '') " == *" $command "* ]] ||
    fail "$command is not completed"
done
[[ $(complete_words moevit load --clo) == --closed ]] || fail "no flag of load"
[[ $(complete_words moevit-server --metrics_p) == --metrics_port= ]] ||
  fail "no flag of moevit-server"
drain_grace=$(gunzip --stdout "$share/man/man8/moevit-server.8.gz" |
  grep -A1 -F 'drain_grace=VALUE')
grep -q '(default: 20s)$' <<<"$drain_grace" ||
  fail "moevit-server.8 does not explain --drain_grace"
