# Shared by up.sh and down.sh: names, places, and small tools. Sourced, not run.

azurite_version=3.37.0
account=devstoreaccount1
# The emulator's published key; it opens nothing but the emulator.
account_key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=${FREEMASK_SERVICES:-$repository/.freemask/services}

fail() { echo "$*" >&2; exit 1; }

# Whether something listens on a port of loopback.
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port of loopback that nothing listens on, below the range that outgoing connections use.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! listens "$port"; then echo "$port"; return; fi
  done
}

wait_for_port() {
  local port=$1 name=$2 tries
  for tries in $(seq 1 150); do
    if listens "$port"; then return; fi
    sleep 0.1
  done
  fail "$name does not listen on port $port after 15 s; its log is in $dir."
}

alive() { [ -s "$1" ] && kill -0 "$(head -1 "$1")" 2>/dev/null; }

stop_pid() {
  local file=$1 pid tries
  alive "$file" || return 0
  pid=$(head -1 "$file")
  kill -TERM "$pid"
  for tries in $(seq 1 200); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
  kill -KILL "$pid"
}

# PostgreSQL's programs are not on the path of Debian.
postgresql_bin() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  if [ -n "$found" ]; then echo "$found"; elif command -v initdb >/dev/null; then dirname "$(command -v initdb)"; fi
}

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }
