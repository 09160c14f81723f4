#!/usr/bin/env bash
# Renders the chart with several sets of values and holds what comes out to the
# schemas of Kubernetes, and values that make no sense to the chart's own. Docker
# Compose's file is held to its schema, too.
#
# Usage: tests/deploy/helm_test.sh DIRECTORY
#
# Into the directory come, on first use, helm, where the system has none, and a
# Python environment; helm is built by Go. Exits with 77, after saying so,
# without helm and Go or where what is missing cannot be fetched.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
mkdir -p "$1"
directory=$(readlink -f "$1")
readonly here directory environment=$directory/python
readonly chart=$here/../../deploy/helm/moevit
readonly requirements=$here/requirements.txt
readonly helm_version=v3.18.6
readonly helm_build_s=600
readonly operator=github.com/prometheus-operator/prometheus-operator@v0.85.0
readonly compose=github.com/compose-spec/compose-go/v2@v2.4.7

fail() {
  echo "helm_test.sh: $*" >&2
  exit 1
}

skip() {
  echo "SKIPPED: $*" >&2
  exit 77
}

# Where Go's own installation puts it, and helm below.
PATH=$PATH:/usr/local/go/bin:$directory/bin
if ! command -v helm >/dev/null; then
  command -v go >/dev/null || skip "there is no helm, and no Go to build it"
  mkdir -p "$directory/bin"
  log=$(GOBIN=$directory/bin GOTOOLCHAIN=local CGO_ENABLED=0 \
    timeout "$helm_build_s" \
    go install "helm.sh/helm/v3/cmd/helm@$helm_version" 2>&1) ||
    skip "Go cannot build helm $helm_version: $log"
fi
if ! cmp --silent "$requirements" "$environment/requirements.txt"; then
  python3 -m venv --clear "$environment"
  "$environment/bin/pip" install --disable-pip-version-check --quiet \
    --retries 2 --timeout 20 --requirement "$requirements" ||
    skip "the schemas of Kubernetes cannot be fetched"
  cp "$requirements" "$environment/requirements.txt"
fi

# Prints where a Go module's sources are; fails where they cannot be had.
sources_of() {
  local answer
  answer=$(GOTOOLCHAIN=local timeout 120 \
    go mod download -json "$1" 2>/dev/null) &&
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<<"$answer"
}

# Prints the chart rendered with the given values (--set's form, or a file).
render() {
  local option=--set
  [[ ! -f $1 ]] || option=--values
  helm template test "$chart" --kube-version=1.33.0 "$option" "$1"
}

work=$(mktemp --directory)
readonly work rendered=$work/rendered.yaml
trap 'rm -rf "$work"' EXIT

# accepts VALUES TEXT...: renders, has every TEXT, and fits the schemas.
accepts() {
  local values=$1 text
  shift
  render "$values" >"$rendered" || fail "not rendered: $values"
  "$environment/bin/kubernetes-validate" --strict --no-warn --quiet \
    "$rendered" || fail "not valid with $values"
  for text in "$@"; do
    grep -q -F -e "$text" "$rendered" || fail "no \"$text\" with $values"
  done
}

# refuses VALUES TEXT: is not rendered, with TEXT in the message.
refuses() {
  local message
  ! message=$(render "$1" 2>&1) || fail "rendered in spite of $1"
  grep -q -F -e "$2" <<<"$message" || fail "$1 is refused with: $message"
}

helm lint --strict "$chart" >/dev/null || fail "helm lint --strict"

accepts replicas=3 'replicas: 3' 'grpc:' 'kind: PodDisruptionBudget' \
  'kind: NetworkPolicy' 'terminationGracePeriodSeconds: 35' \
  'readOnlyRootFilesystem: true' 'command: [sleep, "5"]'
accepts drainSeconds=60 'terminationGracePeriodSeconds: 75' \
  '--drain_grace=60s'
accepts cards.resource=amd.com/xilinx_u280_gen3x16_xdma_base_1-0,cards.count=2,cards.claim=images,cards.group=105 \
  'amd.com/xilinx_u280_gen3x16_xdma_base_1-0: 2' 'maxSurge: 0' \
  '--card_image=/cards/moevit_u280.xclbin' 'supplementalGroups: [105]'
accepts tls.secret=certificate,tls.clientAuthority=authority,tokens.secret=t \
  '--tls_client_ca=/tls_client_authority/ca.crt' '- --tls_ca=/tls/ca.crt' \
  '{secretName: authority, defaultMode: 0440}' '--token_file=/tokens/tokens' \
  '{secretName: t, defaultMode: 0440}' 'fsGroup: 10001'
accepts autoscaling.enabled=true,autoscaling.target=5m \
  'kind: HorizontalPodAutoscaler' 'averageValue: "5m"'
accepts podMonitor.enabled=true,podMonitor.tokenSecret=t 'kind: PodMonitor' \
  'port: metrics' 'credentials: {name: t, key: token}'
if sources=$(sources_of "$operator"); then
  "$environment/bin/python" "$here/custom_resources.py" --definition="$sources\
/example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml" \
    "$rendered" || fail "not valid: the PodMonitor"
else
  echo "SKIPPED in part: the definition of PodMonitor cannot be fetched"
fi
accepts models.claim=models,flags.max_batch_size=32 \
  '--model_repository=/models' '"--max_batch_size=32"'
accepts rest.enabled=true,rest.port=80 '--rest_port=8000' 'port: 80' \
  '- port: rest'
# As in a file, where Helm reads numbers in its own way.
cat >"$work/values.yaml" <<'END'
flags: {max_queue_bytes: 268435456, access_log: 0.01, max_queue_delay: 2ms}
END
accepts "$work/values.yaml" '"--max_queue_bytes=268435456"' \
  '"--access_log=0.01"' '"--max_queue_delay=2ms"'

refuses replicas=-1 replicas
refuses replica=2 replica
refuses cards.resource=nvidia.com/gpu 'does not match'
refuses cards.resource=amd.com/u280 'cards.claim is required'
refuses cards.count=17 count
refuses flags.Max-Batch=1 Max-Batch
refuses service.port=0 port

if sources=$(sources_of "$compose"); then
  "$environment/bin/python" - "$sources/schema/compose-spec.json" \
    "$here/../../deploy/docker" <<'END' || fail "not valid: compose.yaml"
import pathlib, sys, jsonschema, yaml
place = pathlib.Path(sys.argv[2])
compose = yaml.safe_load((place / "compose.yaml").read_text())
jsonschema.validate(compose, yaml.safe_load(open(sys.argv[1])))
for service in compose["services"].values():
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in compose["volumes"] or (place / source).exists(), source
END
else
  echo "SKIPPED in part: the schema of Docker Compose cannot be fetched"
fi
