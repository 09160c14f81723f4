#!/usr/bin/env bash
# Writes the completions of the programs' commands and flags for bash and zsh,
# from their --help.
#
# Usage: deploy/package/write_completions.sh DIRECTORY_OF_PROGRAMS OUTPUT_DIRECTORY
set -euo pipefail

# shellcheck disable=SC2034  # help_tables.sh uses it
readonly programs=$1
readonly output=$2
# shellcheck source=/dev/null
source "$(dirname "$(readlink -f "$0")")/help_tables.sh"

# The flags of a program or command in one line, as bash completes them: those
# that take a value end in "=".
bash_flags() {
  flags_of "$@" |
    awk -F'\t' '{ printf "--%s%s ", $1, $2 == "" ? "" : "=" }'
  echo --help
}

bash_moevit() {
  local name
  cat <<'END'
_moevit() {
  local word=${COMP_WORDS[COMP_CWORD]} words=
  if ((COMP_CWORD == 1)); then
END
  echo "    words='$(commands | cut -f1 | tr '\n' ' ')--help --version'"
  cat <<'END'
  elif [[ $word == -* ]]; then
    case ${COMP_WORDS[1]} in
END
  while read -r name; do
    echo "      $name) words='$(bash_flags moevit "$name")' ;;"
  done < <(commands | cut -f1)
  cat <<'END'
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -o default -F _moevit moevit
END
}

bash_server() {
  cat <<END
_moevit_server() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  [[ \$word == -* ]] || return
  COMPREPLY=(\$(compgen -W '$(bash_flags moevit-server)' -- "\$word"))
  [[ \${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -o default -F _moevit_server moevit-server
END
}

# The arguments of zsh's _arguments for the flags of a program or command.
zsh_flags() {
  flags_of "$@" | awk -F'\t' -v quote="'" '
    {
      gsub(/[][\\:]/, "\\\\&", $3)
      gsub(quote, quote "\\" quote quote, $3)
      gsub(/:/, "\\:", $2)
      value = $2 == "" ? "" : ":" $2 ":_files"
      printf " \\\n      %s--%s%s[%s]%s%s", quote, $1,
             $2 == "" ? "" : "=", $3, value, quote
    }'
  echo " \\"
  echo "      '--help[explains the flags]' '*:file:_files'"
}

zsh_moevit() {
  local name
  printf '#compdef moevit\n\nlocal -a commands=(\n'
  commands | sed "s/'/'\\\\''/g; s/\t/:/; s/.*/  '&'/"
  cat <<'END'
)
if ((CURRENT == 2)); then
  _describe command commands
  return
fi
case $words[2] in
END
  while read -r name; do
    echo "  $name)"
    echo "    _arguments$(zsh_flags moevit "$name")"
    echo "    ;;"
  done < <(commands | cut -f1)
  echo 'esac'
}

zsh_server() {
  printf '#compdef moevit-server\n\n_arguments%s\n' \
    "$(zsh_flags moevit-server)"
}

mkdir -p "$output/bash" "$output/zsh"
bash_moevit >"$output/bash/moevit"
bash_server >"$output/bash/moevit-server"
zsh_moevit >"$output/zsh/_moevit"
zsh_server >"$output/zsh/_moevit-server"
