#!/usr/bin/env bash
# Fetches the icon packages that the mini bundle's training data is drawn from, into art/ (ignored by git).
# Versions and integrity are pinned; the package client's configured registry is used.
#   usage: infra/art/fetch.sh [TARGET_DIR]
set -euo pipefail

cd "$(dirname "$0")/../.."
target="${1:-art}"
mkdir -p "$target"

fetch() { # package version folder sha512
  local package="$1" version="$2" folder="$3" expected="$4" work archive actual
  if [ -f "$target/$folder/package.json" ]; then
    echo "$folder: present"
    return
  fi
  work="$(mktemp -d)"
  archive="$(cd "$work" && npm pack --silent "$package@$version")"
  actual="$(openssl dgst -sha512 -binary "$work/$archive" | openssl base64 -A)"
  if [ "$actual" != "$expected" ]; then
    echo "$package@$version: integrity mismatch (got sha512-$actual); nothing was unpacked" >&2
    rm -rf "$work"
    exit 1
  fi
  mkdir -p "$work/unpacked"
  tar -xzf "$work/$archive" -C "$work/unpacked" --strip-components=1
  rm -rf "${target:?}/$folder"
  mv "$work/unpacked" "$target/$folder"
  rm -rf "$work"
  echo "$folder: fetched $package@$version"
}

fetch @iconify-json/noto 1.2.9 noto \
  DQiuXENbun41ch+XPSV55H9FaWKpHTyz46YIKtSaKYD4fIDDzL1tR6H4np/T38jfrTAeI3rcKF0mqHYeZVAuaw==
fetch @iconify-json/fluent-emoji-flat 1.2.6 fluent-flat \
  RY47RgPb47fYUiyrA64sIOL0+UU02s29sXpNBbIQRBUlPlfNFTKUmZDERGuxDs/7yNGWqQYvuaSYM1M4fRXlUw==
fetch @lobehub/fluent-emoji-3d 1.1.0 fluent-3d \
  Wlq2lVStTnr8BDpIJ0pEnTKO4LuDxxqTEhTvRtD1DLRF0me7ogeRQjKoehDHXuVJ2Qaecgl5wRBv60lUAG3h7g==
fetch @iconify-json/noto-v1 1.2.5 noto-v1 \
  /DsVMius69Q0fRS53z7QK1TROSuar606jiIx+laXtdsYGMXpf6LtHBx6CGfoo3UHHb/XpBsw+1L1x3eyPqMuVA==
fetch @iconify-json/emojione 1.2.3 emojione \
  T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY70YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==
fetch @iconify-json/fluent-emoji 1.2.7 fluent \
  D8G6bKAyIsyxP1rzZtIWr/gg/fO4Rg1+DyCWlfqKK4h8W+4Em/Y0P6QYgJUQTlUcagzJvSyg+9OBv4hz4Hc/QA==
fetch @iconify-json/streamline-emojis 1.2.4 streamline \
  iNr9T9XuZVTyQPJO8ZlLxBzPkpi7qMl+z1l0C31vpEMqhPMelth3n7CeWQYtixdetDPdI81yeG4ROqjWpYJE6A==
# Never for training: the styles of the test sets.
fetch @iconify-json/twemoji 1.2.5 twemoji \
  uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==
fetch @iconify-json/fxemoji 1.2.2 fxemoji \
  UAasRaxzFUKfIGSmLwnoarsssA4LX0VLLuEmplIqM6ZNQqIQRtav8tZ4H1neTlBreXuMQyAifr5jP4kn78DpiQ==
