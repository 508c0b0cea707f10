#!/bin/sh
# Prints the path of a Python with psycopg and asyncpg, made once in the cache. Needs python3 with venv and pip.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
digest=$(sha256sum "$here/requirements.txt" | cut -c 1-12)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/python-clients-$digest"
if [ ! -f "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r "$here/requirements.txt" >&2
  touch "$venv/complete"
fi
echo "$venv/bin/python"
