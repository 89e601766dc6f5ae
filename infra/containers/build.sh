#!/usr/bin/env bash
# Builds the images of infra/containers/Containerfile with base images pinned by digest.
#
#   build.sh pin                                    write the digests of today's base images into base-images.env; commit it
#   build.sh REGISTRY TAG [--push] [TARGET]...      default: silo silo-cuda dashboard cli
#
# Images are named REGISTRY/freemask-silo:TAG, REGISTRY/freemask-silo-cuda:TAG, REGISTRY/freemask-dashboard:TAG, REGISTRY/freemask:TAG.
# CONTAINER_ENGINE names the engine: docker (default) or podman.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
engine=${CONTAINER_ENGINE:-docker}
images=$here/base-images.env

fail() { echo "$*" >&2; exit 1; }

command -v "$engine" >/dev/null || fail "$engine is not installed; CONTAINER_ENGINE names another. Without an engine: dotnet publish PROJECT -t:PublishContainer (infra/containers/README.md)."
source "$images"

pin() {
  local name image digest
  for name in SDK RUNTIME CUDA; do
    image=${name}_IMAGE
    "$engine" pull --quiet "${!image}" >/dev/null
    digest=$("$engine" image inspect --format '{{index .RepoDigests 0}}' "${!image}" | sed 's/.*@//')
    [[ $digest == sha256:* ]] || fail "$engine does not say the digest of ${!image}."
    sed -i "s/^${name}_DIGEST=.*/${name}_DIGEST=$digest/" "$images"
    echo "${!image}@$digest"
  done
}

if [ "${1:-}" = pin ]; then pin; exit; fi
[ $# -ge 2 ] || fail "usage: build.sh pin, or build.sh REGISTRY TAG [--push] [TARGET]..."
registry=$1 tag=$2
shift 2
push=no targets=()
for argument; do
  case $argument in
    --push) push=yes ;;
    silo | silo-cuda | dashboard | cli) targets+=("$argument") ;;
    *) fail "unknown target '$argument'; there are silo, silo-cuda, dashboard and cli." ;;
  esac
done
[ ${#targets[@]} -gt 0 ] || targets=(silo silo-cuda dashboard cli)

pinned=()
for name in SDK RUNTIME CUDA; do
  image=${name}_IMAGE digest=${name}_DIGEST
  [ -n "${!digest}" ] || fail "${!image} has no digest in $images: run 'build.sh pin', look at the result, and commit it."
  pinned+=(--build-arg "$image=${!image}@${!digest}")
done

for target in "${targets[@]}"; do
  name=freemask-$target
  if [ "$target" = cli ]; then name=freemask; fi
  "$engine" build --file "$here/Containerfile" --target "$target" "${pinned[@]}" \
    --label "org.opencontainers.image.revision=$(git -C "$repository" rev-parse HEAD)" --tag "$registry/$name:$tag" "$repository"
  if [ $push = yes ]; then "$engine" push "$registry/$name:$tag"; fi
done
