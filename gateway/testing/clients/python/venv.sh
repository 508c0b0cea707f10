#!/bin/sh
# `venv.sh [REQUIREMENTS]` prints the path of a Python with the packages of a file of this folder (psycopg and asyncpg unless named), made once
# in the cache. Needs python3 with venv and pip.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
requirements="$here/${1:-requirements.txt}"
digest=$(sha256sum "$requirements" | cut -c 1-12)
venv="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/python-clients-$digest"
if [ ! -f "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r "$requirements" >&2
  touch "$venv/complete"
fi
echo "$venv/bin/python"
