#!/bin/bash
# All tests, from a fresh checkout: installs what they need, builds three times, runs all.
#
#   tests/run.sh          everything; some minutes on two cores
#   tests/run.sh --fast   the static checks and the release build only
#
# The last line is "N passed, N failed", with ", N skipped" if there were any.
set -u
cd "$(dirname "$0")/.." || exit
exec 2>&1
. tests/common.sh

fast=false
case ${1-} in
'') ;;
--fast) fast=true ;;
*)
  sed -n '2,7s/^# \{0,1\}//p' "$0"
  exit 2
  ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0

say() {
  printf '==> [%3d s] %s\n' "$SECONDS" "$*"
}

# Adds "PASSED FAILED SKIPPED" to the sums and shows them.
add() {
  local p f s
  read -r p f s <<<"${1:-0 1 0}"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  printf '    %d passed, %d failed, %d skipped\n' "$p" "$f" "$s"
}

finish() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
  say "done"
  echo "$line"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# step NAME COMMAND...: a command that counts its tests itself, or is one test.
step() {
  local name=${1// /-}
  say "$1"
  shift
  "$@" >"$out/$name" 2>&1
  add "$(tests/tally.py --text $? "$out/$name")"
}

# suite FOLDER MESON_TEST_ARGUMENT...
# Many tests wait for timers and sockets: three times as many as there are cores.
suite() {
  local folder=$1
  shift
  rm -f "$folder/meson-logs/testlog.json"
  meson test -C "$folder" --no-rebuild --num-processes $((3 * jobs)) "$@" >"$out/meson" 2>&1
  if [ -f "$folder/meson-logs/testlog.json" ]; then
    add "$(tests/tally.py "$folder/meson-logs/testlog.json")"
  else
    tail -n 20 "$out/meson"
    add "0 1 0"
  fi
}

build_failed() {
  echo "--- FAILED: building $1"
  show_build "$1/log"
  add "0 1 0"
}

# The tests of the folders that look different without the optional libraries; the faults, which take
# their time, look the same.
plain_tests() {
  meson introspect --tests build-plain | python3 -c 'import json, sys
for test in json.load(sys.stdin):
    if test["name"].startswith(("rules", "notifiers", "daemon")):
        print(test["name"])'
}

say "setting up"
if ! tools/setup.sh --tests; then
  add "0 1 0"
  finish
fi

step "floors: proof" tests/floors.py --self-test
step "floors" tests/floors.py .
step "banned: proof" tests/banned.py --self-test
step "banned" tests/banned.py .
step "tally: proof" tests/tally.py --self-test
step "format" tests/format.sh

say "release build, gcc"
if meson setup --reconfigure build >build/log 2>&1 && ninja -j "$jobs" -C build >build/log 2>&1; then
  suite build --timeout-multiplier 2
else
  build_failed build
fi
$fast && finish

say "address and undefined behaviour sanitizers, clang"
if asan_build; then
  suite build-asan --timeout-multiplier 5 --no-suite fuzz # the fuzzers take the same seeds
  step "a few seconds of fuzzing" tests/fuzz.sh --fresh 3
else
  build_failed build-asan
fi

say "without Vectorscan and the desktop, gcc"
if CC=gcc build build-plain -Dbuildtype=debug -Dvectorscan=disabled -Ddesktop=disabled; then
  mapfile -t names < <(plain_tests)
  [ ${#names[@]} -eq 0 ] || suite build-plain --no-suite faults "${names[@]}"
else
  build_failed build-plain
fi
finish
