#!/bin/sh
# Prints the folder of asciinema's own player 3.17.0, unpacked once into the cache and pinned by SHA-512. Nothing of it is installed or run here.
# Needs npm.
set -eu
player="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/asciinema-player-3.17.0"
if [ ! -d "$player" ]; then
  mkdir -p "${player%/*}"
  draft=$(mktemp -d "${player%/*}/asciinema.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  (cd "$draft" && npm pack --silent --ignore-scripts asciinema-player@3.17.0 >&2)
  digest=25b8cd2660364cb21e60d68e1236be9154b35da74aa2aa48cd55667c118d8f60e676d13fbc4c410a7904f0d604729690703bd4620f0bb6dd2ead3f347eb0029b
  echo "$digest  $draft/asciinema-player-3.17.0.tgz" | sha512sum -c --quiet >&2
  tar -xzf "$draft/asciinema-player-3.17.0.tgz" -C "$draft"
  mv "$draft/package" "$player" 2>/dev/null || [ -d "$player" ]
fi
echo "$player/dist"
