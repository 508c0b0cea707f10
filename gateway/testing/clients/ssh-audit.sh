#!/bin/sh
# Prints the path of ssh-audit 3.3.0, made once in the cache and pinned by SHA-256. Needs python3 with venv and pip.
set -eu
venv="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/ssh-audit-3.3.0"
if [ ! -f "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  echo "ssh-audit==3.3.0 --hash=sha256:8d2b22b7bb7c20c9d84452c9f13408015ec76eb025379cc70335e5315e4378d6" >"$venv/requirements.txt"
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    -r "$venv/requirements.txt" >&2
  touch "$venv/complete"
fi
echo "$venv/bin/ssh-audit"
