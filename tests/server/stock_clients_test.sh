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

"$here/../python_environment.sh" "$here/requirements.txt" "$environment"
MOEVIT_SERVER=$server MOEVIT_WRITE_TEST_MODEL=$write_test_model \
  exec "$environment/bin/python" "$here/stock_clients_test.py"
