#!/usr/bin/env bash
# Stops the silos of up.sh, which finish their batches first, and then its services. Data stays.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
place=$repository/.freemask/cluster
for silo in silo-1 silo-2 silo-3; do
  if [ -s "$place/$silo.pid" ]; then kill -TERM "$(cat "$place/$silo.pid")" 2>/dev/null || true; fi
done
for silo in silo-1 silo-2 silo-3; do
  while [ -s "$place/$silo.pid" ] && kill -0 "$(cat "$place/$silo.pid")" 2>/dev/null; do sleep 0.1; done
  rm -f "$place/$silo.pid"
done
"$repository/infra/local/down.sh"
