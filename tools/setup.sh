#!/bin/sh
# Makes a fresh Debian 12 ready and builds vigie into build/ (release mode).
#
#   tools/setup.sh            install what the build needs, configure, build
#   tools/setup.sh --tests    install also what only the tests need
#
# Run it again whenever you like: packages that are there are left alone, apt is not even
# asked when none is missing, and a build that is up to date takes a second.
set -eu
export LC_ALL=C.UTF-8
# Debian's own meson, python3 and compilers, whatever else stands in the user's PATH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

build_packages() {
  sed 's/#.*//' <<'LIST'
gcc libc6-dev                            # the compiler
clang libclang-rt-14-dev clang-format    # the second one, sanitizers, fuzzers, format
meson ninja-build pkg-config python3     # the build
libssl-dev libyajl-dev libutf8proc-dev   # base: digests, JSON's second reader, fold table
libyaml-dev                              # conf
libuv1-dev libcurl4-openssl-dev          # net: the loop, HTTP and SMTP
libwslay-dev ca-certificates zlib1g-dev  # net: WebSocket, TLS, gzip
libpcre2-dev libvectorscan-dev           # rules: regexes, substrings
libstemmer-dev                           # rules: stems
libxml2-dev libgmime-3.0-dev             # sources, notifiers: feeds, mail
libnotify-dev                            # notifiers: desktop bubbles
libsqlite3-dev libmicrohttpd-dev         # store, web
libsystemd-dev tzdata                    # daemon: readiness, time zones
libcmocka-dev                            # tests; the build lists them
LIST
}

test_packages() {
  sed 's/#.*//' <<'LIST'
python3-aiosmtpd openssl                 # a mail server to deliver to, certificates
dbus python3-dbus python3-gi             # a bus and a desktop to show bubbles on
python3-websockets                       # a WebSocket server to read from
nginx-light                              # a web server with TLS to read through
dovecot-imapd                            # a mail server to read from
python3-jsonschema python3-yaml          # what editors make of the schema
LIST
}

usage() {
  sed -n '2,8s/^# \{0,1\}//p' "$0"
}

say() {
  printf '==> %s\n' "$*"
}

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# Those of the named packages that are not installed.
missing() {
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) in
    ?i*) ;;
    *) printf '%s ' "$package" ;;
    esac
  done
}

# Runs a command quietly; shows what it said only when it fails.
quietly() {
  if "$@" >"$log" 2>&1; then
    return 0
  fi
  # Of a build only what went wrong.
  grep -v '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 40 >&2
  return 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

apt() {
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

install_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    say "this is no Debian: taking for granted that these, or their like, are there:"
    printf '    %s\n' "$*"
    return 0
  fi
  wanted=$(missing "$@")
  if [ -z "$wanted" ]; then
    say "all packages are there"
    return 0
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
    fail "needs root or sudo to install: $wanted"
  fi
  say "installing $(echo "$wanted" | wc -w) packages: $wanted"
  # A list that cannot be had is only a warning: the others may do.
  apt update || say "apt-get update had trouble; trying all the same"
  # shellcheck disable=SC2086 # one word a package
  apt install --no-install-recommends $wanted ||
    fail "cannot install: $wanted"
}

buildtype() {
  meson introspect --buildoptions build 2>/dev/null |
    python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "buildtype"))' 2>/dev/null ||
    true
}

configure() {
  if [ -f build/build.ninja ] && [ "$(buildtype)" = release ]; then
    # New packages may have brought an optional part.
    if [ -n "${wanted:-}" ]; then
      say "looking again at what is installed"
      quietly meson configure --clearcache build || fail "meson failed"
      quietly meson setup --reconfigure build || fail "meson failed"
    fi
    return 0
  fi
  say "configuring build/"
  # What is left of a half-done or different configuration goes.
  rm -rf build
  quietly meson setup --buildtype=release build || fail "meson failed"
}

tests=false
case ${1-} in
'') ;;
--tests) tests=true ;;
-h | --help)
  usage
  exit 0
  ;;
*)
  usage >&2
  exit 2
  ;;
esac

cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' INT TERM

wanted=
# shellcheck disable=SC2046 # one word a package
if $tests; then
  install_packages $(build_packages) $(test_packages)
else
  install_packages $(build_packages)
fi
configure
say "building build/"
quietly ninja -C build || fail "the build failed"
say "done: build/vigie"
