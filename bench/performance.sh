#!/usr/bin/env bash
# Measures what docs/performance.md reports, and writes the tables anew, to
# docs/performance_tables.md. For a machine with nothing else to do; takes about
# half an hour on two cores.
#
# Usage: bench/performance.sh [--quick] [SECTION...]
#
#   --quick   fewer cases and turns, to see that everything works
#   SECTION   for example "models": only these
#
# With an argument, it prints the tables and leaves the file alone.
#
# A section is an executable bench/performance/NUMBER-SECTION.sh. It is run in
# the root of the repository, with or without --quick, and prints Markdown that
# begins with a heading "## ..."; what it compares, it measures in one run.
# Sections that fail are named at the end and left out of the tables.
#
# Needs build/release, jq, and what the sections need.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

readonly tables=docs/performance_tables.md
quick=()
names=()
for argument in "$@"; do
  case $argument in
    --quick) quick=(--quick) ;;
    -*)
      sed -n '/^# Usage/,/^# A section/{/^# A section/d;s/^# \{0,1\}//p}' "$0" >&2
      exit 2
      ;;
    *) names+=("$argument") ;;
  esac
done

# The script of section $1.
section_script() {
  local scripts=(bench/performance/*-"$1".sh)
  if [[ ! -x ${scripts[0]} ]]; then
    local known
    known=$(basename -a -s .sh bench/performance/*.sh | sed 's/^[0-9]*-//')
    echo "there is no section \"$1\"; the sections are ${known//$'\n'/, }" >&2
    exit 2
  fi
  echo "${scripts[0]}"
}

scripts=()
for name in "${names[@]}"; do
  scripts+=("$(section_script "$name")")
done
if ((${#names[@]} == 0)); then
  scripts=(bench/performance/*.sh)
fi

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT
failed=()
for script in "${scripts[@]}"; do
  echo "$script" >&2
  if "$script" "${quick[@]}" >"$work/section"; then
    { echo; cat "$work/section"; } >>"$work/sections"
  else
    failed+=("$script")
  fi
done

touch "$work/sections"
if (($# > 0)); then
  cat "$work/sections"
else
  {
    echo "# Performance tables"
    echo
    echo "Written by \`bench/performance.sh\`; do not edit. Every number is" \
      "MEASURED(cpu), except where a table says otherwise."
    cat "$work/sections"
  } >"$tables"
  echo "wrote $tables" >&2
fi
if ((${#failed[@]} > 0)); then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
