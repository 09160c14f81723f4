#!/usr/bin/env bash
# Builds the image of moevit-server from deploy/docker/Dockerfile.
#
# Usage: deploy/docker/build.sh [FLAG...]
#   --tag=NAME          the image's name; default: moevit
#   --package=FILE.deb  installs this package instead of building one
#   --rootless          builds with Debian's buildah, which needs no daemon
#   --base=debootstrap  makes Debian 12 with debootstrap as the base, where no
#                       container registry can be reached; needs root
#   --base=IMAGE        another base; default: debian:bookworm-slim
#
# With --rootless, BUILDAH_ISOLATION=chroot is for where buildah may not make
# namespaces, as inside of a container.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly debootstrap_base=localhost/moevit-base

fail() {
  echo "build.sh: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || fail "there is no $1; Debian has it: $2"
}

# Makes the base image, unless an earlier call has.
make_base() {
  ! buildah inspect --type image "$debootstrap_base" >/dev/null 2>&1 || return 0
  ((EUID == 0)) || fail "--base=debootstrap needs root"
  need debootstrap debootstrap
  local root container
  root=$(mktemp -d)
  # shellcheck disable=SC2064  # the directory of now
  trap "rm -rf '$root'" EXIT
  echo "Making the base with debootstrap."
  debootstrap --variant=minbase bookworm "$root" >"$root.log" ||
    fail "debootstrap failed; see $root.log"
  rm -rf "$root.log" "$root"/var/cache/apt/archives/*.deb \
    "$root"/var/lib/apt/lists/*
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$root" / >/dev/null
  buildah commit --quiet --rm "$container" "$debootstrap_base" >/dev/null
}

tag=moevit
package=
builder=docker
base=
for argument in "$@"; do
  case $argument in
    --tag=*) tag=${argument#*=} ;;
    --package=*) package=${argument#*=} ;;
    --rootless) builder=buildah ;;
    --base=*) base=${argument#*=} ;;
    --help | -h)
      sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
      exit 0
      ;;
    *) fail "unknown argument \"$argument\"; see --help" ;;
  esac
done

need "$builder" "${builder/docker/docker.io}"
if [[ $base == debootstrap ]]; then
  [[ $builder == buildah ]] || fail "--base=debootstrap goes with --rootless"
  make_base
  base=$debootstrap_base
fi

arguments=(--file deploy/docker/Dockerfile --tag "$tag"
  --build-arg "JOBS=$(nproc)")
[[ -z $base ]] || arguments+=(--build-arg "BASE=$base")
if [[ -n $package ]]; then
  [[ -f $package ]] || fail "there is no $package"
  context=$(mktemp -d)
  trap 'rm -rf "$context"' EXIT
  cp "$package" "$context/"
  arguments+=(--build-context "package=$context")
fi
# Docker's format: that of OCI has no health check.
[[ $builder == docker ]] || arguments+=(--format docker)
"$builder" build "${arguments[@]}" .
