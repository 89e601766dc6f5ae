#!/usr/bin/env bash
# Stops what up.sh started. Data stays, and so do the ports; --wipe removes the folder.
#
#   down.sh [--dir DIR] [--wipe] [redis] [postgresql] [azurite]      default: all three
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/services.sh"

wipe=no
services=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift ;;
    --wipe) wipe=yes ;;
    redis | postgresql | azurite) services+=("$1") ;;
    *) fail "unknown argument '$1'; down.sh [--dir DIR] [--wipe] [redis] [postgresql] [azurite]" ;;
  esac
  shift
done
[ ${#services[@]} -gt 0 ] || services=(redis postgresql azurite)
if [ ! -d "$dir" ]; then exit 0; fi

down_redis() { stop_pid "$dir/redis.pid"; }
down_azurite() { stop_pid "$dir/azurite.pid"; }
down_postgresql() {
  if alive "$dir/postgresql/postmaster.pid"; then as_postgres "$(postgresql_bin)/pg_ctl" -D "$dir/postgresql" -m fast -w -s stop; fi
}

for service in "${services[@]}"; do "down_$service"; done
if [ $wipe = yes ]; then rm -rf "$dir"; fi
