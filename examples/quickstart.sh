#!/bin/bash
# From a fresh checkout to alerts on the screen in one command:
#
#   examples/quickstart.sh
#
# Builds vigie, starts a webhook receiver and the daemon in a folder of their own under /tmp,
# lets 200 sample posts flow by, and checks that each alert that they must give, and no other,
# arrived and was signed. Exit status 0: they all did.
set -u
cd "$(dirname "$0")/.." || exit

FLOW_S=20     # the posts take so long
PATIENCE_S=10 # for the last deliveries after that

colour() {
  if [ -t 1 ]; then
    printf '\033[%sm%s\033[0m\n' "$1" "$2"
  else
    printf '%s\n' "$2"
  fi
}

say() {
  colour '1' "==> $*"
}

fail() {
  colour '1;31' "quickstart: $*" >&2
  exit 1
}

stop() {
  local process
  for process in ${daemon:-} ${receiver:-}; do
    kill "$process" 2>/dev/null && wait "$process" 2>/dev/null
  done
  rm -rf "$folder"
}

# Up to 10 s for a file with something in it.
await() {
  for _ in {1..100}; do
    [ ! -s "$1" ] || return 0
    sleep 0.1
  done
  return 1
}

# "post rule" of each delivery that was verified, each once.
verified() {
  sed -n 's/^verified [^ ]* //p' "$folder/deliveries" | sort
}

flow() {
  local pause
  pause=$(awk -v s=$FLOW_S -v n="$(wc -l <examples/posts.ndjson)" 'BEGIN { print s / n }')
  while IFS= read -r post; do
    printf '%s\n' "$post"
    sleep "$pause"
  done <examples/posts.ndjson >>"$folder/posts.ndjson"
}

tools/setup.sh || exit
vigie=$PWD/build/vigie
[ -x "$vigie" ] || fail "not built: build/vigie"

folder=$(mktemp -d /tmp/vigie-quickstart.XXXXXX)
trap stop EXIT
trap 'exit 130' INT TERM
cp examples/vigie.yaml "$folder/"
: >"$folder/posts.ndjson"
: >"$folder/deliveries"
# Nothing of the user's own settings or data is touched.
export XDG_DATA_HOME=$folder XDG_STATE_HOME=$folder XDG_CONFIG_HOME=$folder
VIGIE_DEMO_SECRET=whsec_$(head -c 32 /dev/urandom | base64 -w 0)
export VIGIE_DEMO_SECRET

say "starting the webhook receiver"
/usr/bin/python3 examples/receiver.py --port 0 --port-file "$folder/port" \
  --log "$folder/deliveries" &
receiver=$!
await "$folder/port" || fail "the receiver does not start"
VIGIE_DEMO_URL=http://127.0.0.1:$(cat "$folder/port")/
export VIGIE_DEMO_URL

say "vigie check: are the rules right, do their own tests pass?"
"$vigie" check -c "$folder/vigie.yaml" || fail "vigie check says no"

say "vigie run: $(wc -l <examples/posts.ndjson) posts in $FLOW_S s; matches come twice," \
  "from vigie itself and from the receiver"
"$vigie" run -c "$folder/vigie.yaml" 2>"$folder/log" &
daemon=$!
flow
sort examples/posts.expected >"$folder/expected"
for ((i = 0; i < PATIENCE_S * 10; i++)); do
  [ "$(verified | wc -l)" -lt "$(wc -l <"$folder/expected")" ] || break
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.1
done
sleep 0.5 # for one too many

say "stopping"
kill -TERM "$daemon" 2>/dev/null
wait "$daemon"
status=$?
daemon=
[ "$status" -eq 0 ] || {
  tail -n 20 "$folder/log" >&2
  fail "vigie ended with status $status"
}

verified >"$folder/verified"
say "summary"
printf '    %-22s %d\n' \
  "posts" "$(wc -l <examples/posts.ndjson)" \
  "alerts expected" "$(wc -l <"$folder/expected")" \
  "deliveries verified" "$(wc -l <"$folder/verified")" \
  "sent again" "$(grep -c '^again' "$folder/deliveries")" \
  "refused" "$(grep -c '^refused' "$folder/deliveries")"
if ! diff -u "$folder/expected" "$folder/verified" >"$folder/difference"; then
  grep '^[-+][0-9]' "$folder/difference" | sed -e 's/^-/    missing: /' -e 's/^+/    too many: /' >&2
  tail -n 20 "$folder/log" >&2
  fail "the deliveries are not those that were expected"
fi
if grep -q '^refused' "$folder/deliveries"; then
  fail "deliveries were refused"
fi
colour '1;32' "    every alert arrived, signed, and nothing else did"
