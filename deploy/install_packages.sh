#!/usr/bin/env bash
# Installs the Debian packages that are missing from the given groups of
# deploy/packages.txt. Works as root and as a user with sudo; does nothing when
# nothing is missing.
#
# Usage: deploy/install_packages.sh GROUP...     (build, test, package, ...)
set -euo pipefail

list=$(dirname "$(readlink -f "$0")")/packages.txt
readonly list

fail() {
  echo "install_packages.sh: $*" >&2
  exit 1
}

# Prints the packages of group $1, one per line.
packages_of() {
  awk -v group="[$1]" '
    { sub(/#.*/, "") }
    /^\[/ { wanted = ($1 == group); next }
    wanted && NF { print $1 }' "$list"
}

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" \
    2>/dev/null) == installed ]]
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  else
    sudo "$@"
  fi
}

(($# > 0)) || fail "no group is given; ${list##*/} lists the groups"
command -v dpkg-query >/dev/null ||
  fail "this is no Debian system; install by hand what $list names"

missing=()
for group in "$@"; do
  packages=$(packages_of "$group")
  [[ -n $packages ]] || fail "$list has no group \"$group\""
  for package in $packages; do
    is_installed "$package" || missing+=("$package")
  done
done
((${#missing[@]} > 0)) || exit 0

echo "Installing ${#missing[@]} packages: ${missing[*]}"
if ((EUID != 0)) && ! command -v sudo >/dev/null; then
  fail "not root, and there is no sudo; as root: apt-get install ${missing[*]}"
fi
as_root apt-get update --quiet=2 || fail "apt-get update failed"
as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}" \
  >/dev/null || fail "apt-get could not install them"
