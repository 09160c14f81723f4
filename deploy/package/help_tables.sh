# What the programs say of themselves, for the scripts beside this file, which
# source it. They set `programs`, the directory of the programs.
# shellcheck shell=bash disable=SC2154

readonly help_tables=${BASH_SOURCE[0]%/*}

# Prints the help of a program and maybe a command of it. Abseil's help ends
# with status 1.
help_of() {
  local program=$1
  shift
  "$programs/$program" "$@" --help || true
}

# Prints the flags of a program or command: name, value, text between tabs.
flags_of() {
  help_of "$@" | awk -f "$help_tables/flag_table.awk"
}

# Prints the commands of moevit: name, summary between tabs.
commands() {
  help_of moevit | awk '
    /^Commands:/ { listed = 1; next }
    /^$/ { listed = 0 }
    listed { name = $1; sub(/^ *[^ ]+ +/, ""); print name "\t" $0 }'
}
