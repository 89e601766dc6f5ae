#!/usr/bin/env bash
# Brings up a cluster on this machine with one command: Redis and Azurite (infra/local/up.sh), and three silos. With --postgresql or
# --azure the silos keep membership, reminders and grain state in PostgreSQL or in Azure tables (Azurite) instead of Redis.
#
#   examples/cluster/up.sh                  then:  freemask run examples/quickstart.yaml --cluster examples/cluster/cluster.json
#   examples/cluster/up.sh --postgresql     then:  freemask run examples/quickstart.yaml --cluster examples/cluster/cluster-postgresql.json
#   examples/cluster/up.sh --azure          then:  freemask run examples/quickstart.yaml --cluster examples/cluster/cluster-azure.json
#   examples/cluster/down.sh
#
# FREEMASK_SILO names the program (default: the Release build of this repository, built where absent).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
place=$repository/.freemask/cluster
program=${FREEMASK_SILO:-$repository/silo/bin/Release/net10.0/FreeMask.Silo}

cluster=$here/cluster.json
services=(redis azurite)
case ${1:-} in
  '') ;;
  --postgresql) cluster=$here/cluster-postgresql.json; services=(postgresql azurite) ;;
  --azure) cluster=$here/cluster-azure.json; services=(azurite) ;;
  *) echo "unknown argument '$1'; up.sh [--postgresql | --azure]" >&2; exit 1 ;;
esac

mkdir -p "$place"
if [ ! -x "$program" ]; then dotnet build "$repository/silo" -c Release -v quiet -nologo; fi
"$repository/infra/local/up.sh" "${services[@]}" >/dev/null

started=()
for silo in silo-1 silo-2 silo-3; do
  if [ -s "$place/$silo.pid" ] && kill -0 "$(cat "$place/$silo.pid")" 2>/dev/null; then continue; fi
  FREEMASK_FreeMask__DataFolder=$place/$silo FREEMASK_FreeMask__Models=$repository/models \
    nohup "$program" --config "$cluster" --config "$here/$silo.json" >>"$place/$silo.log" 2>&1 </dev/null &
  echo $! >"$place/$silo.pid"
  started+=("$silo")
done

for silo in ${started[@]+"${started[@]}"}; do
  url=$(sed -n 's/.*"Urls": "\([^"]*\)".*/\1/p' "$here/$silo.json")
  for try in $(seq 1 1800); do
    if curl -sf "$url/health/ready" >/dev/null; then echo "$silo is ready: $url/health/ready"; break; fi
    if ! kill -0 "$(cat "$place/$silo.pid")" 2>/dev/null; then tail -n 5 "$place/$silo.log" >&2; exit 1; fi
    if [ "$try" = 1800 ]; then echo "$silo is not ready after 3 minutes; see $place/$silo.log" >&2; exit 1; fi
    sleep 0.1
  done
done
