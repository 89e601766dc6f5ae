#!/usr/bin/env bash
# Starts Redis, PostgreSQL and Azurite (Azure Storage) on this machine, on loopback alone, each with a data folder of its own. What is
# not installed is installed: Debian packages redis-server and postgresql, npm package azurite. What runs already is left alone.
#
#   up.sh [--dir DIR] [--free-ports] [--certificate CERT.PEM KEY.PEM] [redis] [postgresql] [azurite]      default: all three
#
# With --certificate Azurite listens by https and also takes tokens of an identity, whose signatures it does not check.
# Ports are 16379, 15432, 11000-11002 (blob, queue, table), or free ones with --free-ports; a folder that was up before keeps its ports.
# DIR (default: .freemask/services of the repository, or $FREEMASK_SERVICES) holds data, logs and services.env, which says where each is.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/services.sh"

free_ports=no
certificate=()
services=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift ;;
    --free-ports) free_ports=yes ;;
    --certificate) certificate=(--oauth basic --cert "$2" --key "$3"); shift 2 ;;
    redis | postgresql | azurite) services+=("$1") ;;
    *) fail "unknown argument '$1'; up.sh [--dir DIR] [--free-ports] [--certificate CERT KEY] [redis] [postgresql] [azurite]" ;;
  esac
  shift
done
[ ${#services[@]} -gt 0 ] || services=(redis postgresql azurite)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# The port of a service: the one that it had, else the usual or a free one.
port_of() {
  local file=$dir/$1.port
  if [ ! -s "$file" ]; then if [ $free_ports = yes ]; then free_port; else echo "$2"; fi >"$file"; fi
  cat "$file"
}

install_debian() {
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || fail "$1 is not installed, and cannot be installed here: it takes 'apt-get install $1' by root."
  echo "installing $1"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >"$dir/install-$1.log" 2>&1 \
    || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"; } >>"$dir/install-$1.log" 2>&1 \
    || fail "$1 could not be installed; see $dir/install-$1.log."
}

up_redis() {
  local port; port=$(port_of redis 16379)
  command -v redis-server >/dev/null || install_debian redis-server
  if alive "$dir/redis.pid"; then return; fi
  ! listens "$port" || fail "port $port is taken by another program; stop it, or use --free-ports with another --dir."
  mkdir -p "$dir/redis"
  # Every write is in the append-only file before it is answered; the disk gets it within a second.
  redis-server --bind 127.0.0.1 --port "$port" --dir "$dir/redis" --appendonly yes --appendfsync everysec --save '' \
    --daemonize yes --pidfile "$dir/redis.pid" --logfile "$dir/redis.log" >/dev/null
  wait_for_port "$port" Redis
}

up_postgresql() {
  local port bin; port=$(port_of postgresql 15432)
  [ -n "$(postgresql_bin)" ] || install_debian postgresql
  bin=$(postgresql_bin)
  if alive "$dir/postgresql/postmaster.pid"; then return; fi
  ! listens "$port" || fail "port $port is taken by another program; stop it, or use --free-ports with another --dir."
  mkdir -p "$dir/postgresql"
  touch "$dir/postgresql.log"
  if [ "$(id -u)" = 0 ]; then chown -R postgres "$dir/postgresql" "$dir/postgresql.log"; fi
  if [ ! -s "$dir/postgresql/PG_VERSION" ]; then
    echo freemask >"$dir/postgresql.password"
    chmod 644 "$dir/postgresql.password"
    as_postgres "$bin/initdb" -D "$dir/postgresql" -U freemask -E UTF8 --locale=C -A scram-sha-256 --pwfile="$dir/postgresql.password" >"$dir/initdb.log" 2>&1 \
      || fail "PostgreSQL could not make its data folder; see $dir/initdb.log. Every folder above it must be open to the user postgres."
  fi
  as_postgres "$bin/pg_ctl" -D "$dir/postgresql" -l "$dir/postgresql.log" -o "-h 127.0.0.1 -p $port -k ''" -w -s start
  export PGPASSWORD=freemask
  if [ "$(psql -h 127.0.0.1 -p "$port" -U freemask -d postgres -tAc "SELECT 1 FROM pg_database WHERE datname = 'freemask'")" != 1 ]; then
    psql -h 127.0.0.1 -p "$port" -U freemask -d postgres -qc 'CREATE DATABASE freemask'
  fi
  psql -h 127.0.0.1 -p "$port" -U freemask -d freemask -q -v ON_ERROR_STOP=1 -f "$repository/infra/postgresql/freemask.sql" 2>/dev/null
}

up_azurite() {
  local blob queue table place program
  blob=$(port_of azurite-blob 11000); queue=$(port_of azurite-queue 11001); table=$(port_of azurite-table 11002)
  place=${XDG_CACHE_HOME:-$HOME/.cache}/freemask/azurite-$azurite_version
  program=$place/node_modules/azurite/dist/src/azurite.js
  if [ ! -f "$program" ]; then
    command -v npm >/dev/null || fail "Azurite needs node and npm."
    echo "installing azurite"
    mkdir -p "$place"
    npm install --prefix "$place" --no-audit --no-fund --silent "azurite@$azurite_version" >"$dir/install-azurite.log" 2>&1 \
      || fail "azurite could not be installed; see $dir/install-azurite.log."
  fi
  if alive "$dir/azurite.pid"; then return; fi
  ! listens "$blob" || fail "port $blob is taken by another program; stop it, or use --free-ports with another --dir."
  mkdir -p "$dir/azurite"
  # Clients may be newer than the emulator: it need not know the version of the API that they name.
  nohup node "$program" --location "$dir/azurite" --silent --disableTelemetry --skipApiVersionCheck ${certificate[@]+"${certificate[@]}"} \
    --blobHost 127.0.0.1 --blobPort "$blob" --queueHost 127.0.0.1 --queuePort "$queue" --tableHost 127.0.0.1 --tablePort "$table" \
    >"$dir/azurite.log" 2>&1 </dev/null &
  echo $! >"$dir/azurite.pid"
  wait_for_port "$blob" Azurite
  wait_for_port "$table" Azurite
}

write_env() {
  {
    if [ -s "$dir/redis.port" ]; then echo "REDIS=127.0.0.1:$(cat "$dir/redis.port")"; fi
    if [ -s "$dir/postgresql.port" ]; then echo "POSTGRESQL=Host=127.0.0.1;Port=$(cat "$dir/postgresql.port");Username=freemask;Password=freemask;Database=freemask"; fi
    if [ -s "$dir/azurite-blob.port" ]; then
      protocol=http
      if [ ${#certificate[@]} -gt 0 ]; then protocol=https; fi
      endpoints="BlobEndpoint=$protocol://127.0.0.1:$(cat "$dir/azurite-blob.port")/$account;"
      endpoints+="QueueEndpoint=$protocol://127.0.0.1:$(cat "$dir/azurite-queue.port")/$account;"
      endpoints+="TableEndpoint=$protocol://127.0.0.1:$(cat "$dir/azurite-table.port")/$account;"
      echo "AZURE_STORAGE=DefaultEndpointsProtocol=$protocol;AccountName=$account;AccountKey=$account_key;$endpoints"
    fi
  } >"$dir/services.env"
}

for service in "${services[@]}"; do "up_$service"; done
write_env
cat "$dir/services.env"
