# What tests/run.sh and tests/fuzz.sh share; sourced, never run.
# shellcheck shell=bash
export LC_ALL=C.UTF-8
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export ASAN_OPTIONS=halt_on_error=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export LSAN_OPTIONS

jobs=2

# Clang with both sanitizers; the fuzzers come with it since they want the same build.
asan_build() {
  CC=clang build build-asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined \
    -Db_lundef=false -Dfuzzers=true
}

# build FOLDER MESON_ARGUMENT...: configures the folder if it is not configured so already,
# and builds it. Returns meson's or ninja's failure, with what they said in FOLDER/log.
build() {
  local folder=$1 log=$1/log
  shift
  if [ ! -f "$folder/build.ninja" ] || [ "${CC-} $*" != "$(cat "$folder/arguments" 2>&1)" ]; then
    rm -rf "$folder"
    mkdir "$folder"
    meson setup "$folder" "$@" >"$log" 2>&1 || return
    echo "${CC-} $*" >"$folder/arguments"
  else
    # A fuzz target that is new is only seen when meson looks again.
    meson setup --reconfigure "$folder" >"$log" 2>&1 || return
  fi
  ninja -k 0 -j "$jobs" -C "$folder" >"$log" 2>&1
}

# What a failed build has to say: from the first failure on, or the last lines.
show_build() {
  if grep -q '^FAILED' "$1"; then
    sed -n '/^FAILED/,$p' "$1" | grep -v '^\[[0-9]*/[0-9]*\]' | head -n 80
  else
    tail -n 40 "$1"
  fi
}
