#!/bin/sh
# Runs Mosquitto and has it read its password, permission and certificate files again whenever one was written anew.
# Usage: mosquitto.sh CONFIG FOLDER [mosquitto arguments …]; FOLDER holds passwd and acl.
set -u
PATH=$PATH:/usr/sbin:/usr/local/sbin
config=$1; folder=$2; shift 2

# Until the broker runs there is nothing to end but ourselves; the first process of a container must say so.
broker=
told=
trap 'told=1; if [ -n "$broker" ]; then kill -TERM "$broker" 2>/dev/null; else exit 143; fi' TERM INT
waited=0
until [ -s "$folder/passwd" ] && [ -s "$folder/acl" ]; do
  [ "$waited" -lt 120 ] || { echo "mosquitto.sh: no passwd and acl in $folder" >&2; exit 1; }
  sleep 1; waited=$((waited + 1))
done

state() {
  sed -n -E 's/^(password_file|acl_file|cafile|certfile|keyfile) +//p' "$config" |
    while IFS= read -r file; do cksum "$file"; done 2>/dev/null
}

before=$(state)
mosquitto -c "$config" "$@" &
broker=$!
while kill -0 "$broker" 2>/dev/null; do
  sleep 1 &
  wait $!
  now=$(state)
  if [ "$now" != "$before" ]; then before=$now; kill -HUP "$broker" 2>/dev/null; fi
done
wait "$broker"
status=$?
# Mosquitto listens a moment before it handles signals: told to end in that moment, it ends without a word of its own.
if [ -n "$told" ] && [ "$status" -eq 143 ]; then status=0; fi
exit "$status"
