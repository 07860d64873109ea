#!/usr/bin/env bash
# Starts the gateway with `deno task start`, lets one client talk to it, stops it with SIGTERM and
# expects exit code 0. Usage: tests/smoke/run.sh [path of deno]
set -euo pipefail
cd "$(dirname "$0")/../.."
deno=${1:-deno}
work=$(mktemp -d)
gateway=
finish() {
  # The task hands the signal on to the gateway; killing the task would leave the gateway behind.
  if [[ -n $gateway ]]; then kill -TERM "$gateway" 2>/dev/null && wait "$gateway" || true; fi
  rm -rf "$work"
}
trap finish EXIT

export TELEMETRY_API_KEY="smoke-$RANDOM$RANDOM" TELEMETRY_DATA_DIR="$work/data dir"
"$deno" task start --port 0 --log-format json >"$work/log" 2>&1 </dev/null &
gateway=$!

url=
for _ in $(seq 300); do
  url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/log" | head -n 1 || true)
  if [[ -n $url ]] || ! kill -0 "$gateway" 2>/dev/null; then break; fi
  sleep 0.2
done
if [[ -z $url ]]; then
  echo "smoke: the gateway does not listen" >&2
  cat "$work/log" >&2
  exit 1
fi

if ! "$deno" run --no-prompt --allow-net --allow-env=TELEMETRY_API_KEY tests/smoke/client.ts "$url" </dev/null; then
  cat "$work/log" >&2
  exit 1
fi

kill -TERM "$gateway"
code=0
wait "$gateway" || code=$?
gateway=
if [[ $code -ne 0 ]]; then
  echo "smoke: the gateway ended with exit code $code after SIGTERM" >&2
  cat "$work/log" >&2
  exit 1
fi
if grep -qF "$TELEMETRY_API_KEY" "$work/log"; then
  echo "smoke: the key stands in the log" >&2
  exit 1
fi
echo "smoke: stopped with exit code 0"
