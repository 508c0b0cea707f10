#!/bin/sh
# Prints the path of an OpenSSH client 10 or newer: this system's, or the one of Debian unstable, unpacked once into the cache with the
# libraries that it wants. apt checks its signatures; nothing is installed. Needs apt-get, dpkg-deb and Debian's keyring.
set -eu
case "$(ssh -V 2>&1)" in OpenSSH_[1-9][0-9].*) command -v ssh && exit ;; esac
cache="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport/openssh-unstable"
if [ ! -x "$cache/ssh" ]; then
  mkdir -p "${cache%/*}"
  draft=$(mktemp -d "${cache%/*}/openssh.XXXXXX")
  trap 'rm -rf "$draft"' EXIT
  mkdir -p "$draft/lists/partial" "$draft/cache/archives/partial"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$keyring] http://deb.debian.org/debian unstable main" >"$draft/sources.list"
  : >"$draft/status"
  # An apt of its own: it knows of no installed package and leaves the system's lists alone.
  apt() {
    apt-get -q -q -o "Dir::State::lists=$draft/lists" -o "Dir::Etc::sourcelist=$draft/sources.list" \
      -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::status=$draft/status" -o "Dir::Cache=$draft/cache" \
      -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Languages=none "$@" >&2
  }
  apt update
  apt install --download-only --no-install-recommends --yes openssh-client
  for package in "$draft"/cache/archives/*.deb; do dpkg-deb -x "$package" "$draft/root"; done
  rm -rf "$draft/lists" "$draft/cache"
  # Unstable's programs run with unstable's C library only.
  cat >"$draft/ssh" <<'RUN'
#!/bin/sh
root=${0%/*}/root
exec "$root"/usr/lib*/*/ld-linux-*.so.* --library-path "$(echo "$root"/usr/lib/*-linux-gnu)" "$root/usr/bin/ssh" "$@"
RUN
  chmod 755 "$draft" "$draft/ssh"
  mv "$draft" "$cache" 2>/dev/null || [ -x "$cache/ssh" ]
fi
echo "$cache/ssh"
