#!/bin/sh
# Runs Mosquitto and has it read its password and permission files again whenever the server has written them.
# Usage: mosquitto.sh CONFIG FOLDER [mosquitto arguments …]; FOLDER holds passwd and acl.
set -u
config=$1; folder=$2; shift 2

state() { cksum "$folder/passwd" "$folder/acl" 2>/dev/null; }

waited=0
until [ -s "$folder/passwd" ] && [ -s "$folder/acl" ]; do
  [ "$waited" -lt 120 ] || { echo "mosquitto.sh: no passwd and acl in $folder" >&2; exit 1; }
  sleep 1; waited=$((waited + 1))
done
before=$(state)
mosquitto -c "$config" "$@" &
broker=$!
trap 'kill -TERM "$broker" 2>/dev/null' TERM INT
while kill -0 "$broker" 2>/dev/null; do
  sleep 1 &
  wait $!
  now=$(state)
  if [ "$now" != "$before" ]; then before=$now; kill -HUP "$broker" 2>/dev/null; fi
done
wait "$broker"
