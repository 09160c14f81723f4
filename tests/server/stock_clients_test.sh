#!/usr/bin/env bash
# Runs stock_clients_test.py in a virtual environment with the packages of
# requirements.txt, made on first use and kept until they change.
#
# Usage: stock_clients_test.sh SERVER WRITE_TEST_MODEL ENVIRONMENT
#
# Exits with 77, after saying so, where the package index cannot be reached.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here
readonly server=$1 write_test_model=$2 environment=$3
readonly requirements=$here/requirements.txt
readonly unreachable='NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError|Network is unreachable'

if ! cmp --silent "$requirements" "$environment/requirements.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment"
  if ! log=$("$environment/bin/pip" install --disable-pip-version-check \
      --quiet --retries 2 --timeout 20 --requirement "$requirements" 2>&1); then
    echo "$log" >&2
    if grep --quiet --extended-regexp "$unreachable" <<<"$log"; then
      echo "SKIPPED: the Python package index cannot be reached" >&2
      exit 77
    fi
    exit 1
  fi
  cp "$requirements" "$environment/requirements.txt"
fi
MOEVIT_SERVER=$server MOEVIT_WRITE_TEST_MODEL=$write_test_model \
  exec "$environment/bin/python" "$here/stock_clients_test.py"
