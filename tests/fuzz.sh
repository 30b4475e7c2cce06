#!/bin/bash
# Feeds every fuzz target for a while.
#
#   tests/fuzz.sh [--fresh] SECONDS [NAME...]   each target, or those named, so long
#
# What is found to be of interest is kept in build-asan/found/NAME for the next time; with
# --fresh nothing is taken from there, the same numbers are drawn each time, and each target gets
# 1,500 inputs for a second: the same run each time. An input that
# fails is written to build-asan/found; take it into tests/fuzz/corpus/NAME with the fix.
set -u
cd "$(dirname "$0")/.." || exit
. tests/common.sh

seed=0
if [ "${1-}" = --fresh ]; then
  seed=1
  shift
fi
if ! [[ ${1-} =~ ^[0-9]+$ ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
fi
seconds=$1
shift

asan_build || {
  show_build build-asan/log
  exit 1
}
if [ $# -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.c; do
    [ ! -e "$source" ] || set -- "$@" "$(basename "$source" .c)"
  done
  set -- "${@#fuzz_}"
fi

found=build-asan/found
[ "$seed" -eq 0 ] || rm -rf "$found"
mkdir -p "$found"

fuzz() {
  local name=$1 arguments=(-max_total_time="$seconds" -timeout=10 -max_len=65536
    -rss_limit_mb=2048 -seed="$seed" -artifact_prefix="$found/$1-" -print_final_stats=1)
  [ "$seed" -eq 0 ] || arguments+=(-max_total_time=$((seconds * 10)) -runs=$((seconds * 1500)))
  mkdir -p "$found/$name"
  [ ! -f "tests/fuzz/$name.dict" ] || arguments+=(-dict="tests/fuzz/$name.dict")
  # The first folder is written to, the second is only read.
  if "build-asan/tests/fuzz/fuzz_$name" "${arguments[@]}" "$found/$name" \
    "tests/fuzz/corpus/$name" >"$found/$name.log" 2>&1; then
    echo "$name: $(grep -o 'number_of_executed_units: *[0-9]*' "$found/$name.log")"
  else
    echo "$name: FAILED"
    grep -v '^#' "$found/$name.log" | tail -n 40
    touch "$found/$name.failed"
  fi
}
export -f fuzz
export seconds seed found

rm -f "$found"/*.failed
printf '%s\n' "$@" | xargs -r -P "$jobs" -I NAME bash -c 'fuzz NAME'
failed=$(find "$found" -maxdepth 1 -name '*.failed' | wc -l)
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
