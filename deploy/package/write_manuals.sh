#!/usr/bin/env bash
# Writes the manual pages of the programs, from their --help: moevit.1, one page
# for each of its commands, and moevit-server.8.
#
# Usage: deploy/package/write_manuals.sh DIRECTORY_OF_PROGRAMS OUTPUT_DIRECTORY
set -euo pipefail

# shellcheck disable=SC2034  # help_tables.sh uses it
readonly programs=$1
readonly output=$2
# shellcheck source=/dev/null
source "$(dirname "$(readlink -f "$0")")/help_tables.sh"

# From text to what roff shows as that text.
escape() {
  sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^\([.']\)/\\\\\&\1/"
}

# heading NAME SECTION SUMMARY SYNOPSIS
heading() {
  printf '.TH %s %s "" "%s"\n' "${1^^}" "$2" "$version"
  printf '.SH NAME\n%s \\- %s\n' "$(escape <<<"$1")" "$(escape <<<"$3")"
  printf '.SH SYNOPSIS\n%s\n' "$(escape <<<"$4")"
}

# A section with the flags of a program or command.
flags_section() {
  local flag value text
  echo '.SH FLAGS'
  # Tabs as separators would be taken together where a value is empty.
  while IFS=$'\x1f' read -r flag value text; do
    printf '.TP\n.B \\-\\-%s%s\n%s\n' "$(escape <<<"$flag")" \
      "$(escape <<<"${value:+=$value}")" "$(escape <<<"$text")"
  done < <(flags_of "$@" | tr '\t' '\037')
}

usage_of() {
  help_of "$@" | sed -n 's/^Usage: //p'
}

program_page() {
  local name summary
  heading moevit 1 "$(help_of moevit | sed -n '1s/^moevit: //p')" \
    "$(usage_of moevit)"
  echo '.SH COMMANDS'
  while IFS=$'\t' read -r name summary; do
    printf '.TP\n.BR moevit\\-%s (1)\n%s\n' "$name" "$(escape <<<"$summary")"
  done < <(commands)
  printf '.SH "SEE ALSO"\n.BR moevit\\-server (8)\n'
}

# command_page NAME SUMMARY
command_page() {
  heading "moevit-$1" 1 "$2" "$(usage_of moevit "$1")"
  flags_section moevit "$1"
  printf '.SH "EXIT STATUS"\n0 on success, 1 when something failed, 2 for a '
  printf 'command line that was not understood.\n'
  printf '.SH "SEE ALSO"\n.BR moevit (1),\n.BR moevit\\-server (8)\n'
}

server_page() {
  heading moevit-server 8 \
    'serves Mixture-of-Experts Vision Transformers over gRPC' \
    'moevit-server --model_repository=DIR [FLAG...]'
  flags_section moevit-server
  printf '.SH FILES\n.TP\n.I /etc/moevit/server.pbtxt\n'
  printf 'The settings of the service moevit\\-server.service.\n'
  printf '.SH "EXIT STATUS"\n0 after a clean shutdown, 1 when it cannot start '
  printf 'or could not answer every request in time, 2 for a wrong command '
  printf 'line.\n.SH "SEE ALSO"\n.BR moevit (1)\n'
}

mkdir -p "$output/man1" "$output/man8"
version=$("$programs/moevit" --version | cut -d' ' -f1,2)
program_page >"$output/man1/moevit.1"
while IFS=$'\t' read -r command summary; do
  command_page "$command" "$summary" >"$output/man1/moevit-$command.1"
done < <(commands)
server_page >"$output/man8/moevit-server.8"
gzip --best --no-name --force "$output"/man1/*.1 "$output"/man8/*.8
