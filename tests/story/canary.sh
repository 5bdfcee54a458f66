#!/usr/bin/env bash
# canary.sh FOLDER: a whole story runs; then no secret of it may be found in any log, answer, export, core file or process list.
# The canaries: tokens, passphrases, passwords, the octets of private keys, account numbers; fifty at least.
set -uo pipefail
folder=$1; bin=$ZHIDA_BIN
rm -rf "$folder"; mkdir -p "$folder"; touch "$folder/.zhida-demo"
seen=$(mktemp -d /tmp/zhida-canary.XXXXXX); trap 'rm -rf "$seen"' EXIT
ulimit -c unlimited 2>/dev/null

# What anybody on this machine can see of processes, again and again while the story runs.
( while [ ! -e "$seen/over" ]; do
    ps -ewwo args >>"$seen/processes" 2>/dev/null
    # Environments are readable for the same user only; those of the hub and of its key must not be.
    for pid in $(ps -eo pid,etimes,args | awk '$2 >= 2 && /bin\/zhida(-keyd| serve)/ && !/awk/ {print $1}'); do
      owner=$(stat -c %u "/proc/$pid/environ" 2>/dev/null) || continue  # It has ended meanwhile.
      [ "$owner" = 0 ] || echo "environment of $pid belongs to its user" >>"$seen/open"
    done
    sleep 0.3
  done ) & watcher=$!
deploy/demo --once --json --dir "$folder" --enterprises 120 --seed 11 >"$seen/report.json" 2>"$seen/demo.err"; status=$?
touch "$seen/over"; wait $watcher
# Whether the story agrees is for other tests; here it must have had something to hide.
[ $status -eq 0 ] || { echo "deploy/demo ended with $status"; tail -5 "$seen/demo.err"; }
[ -s "$folder/hub/hub.db" ] || exit 1

# --- the canaries ---------------------------------------------------------------------------------------------------------
canaries=$seen/canaries
{
  for secret in "$folder"/certs/secrets/*; do tr -d '\n' <"$secret"; echo; done
  awk '{print $2}' "$folder/hub/sign-in.txt"
  # Keys: two lines of each file in base64, and what is inside in hexadecimal.
  for key in "$folder"/certs/seal/hub.key "$folder"/certs/seal/hub.locked.key "$folder"/certs/seal/treasury.key "$folder"/certs/tls/hub.key "$folder"/certs/seal/ca.key; do
    sed -n '2,3p' "$key"
  done
  for key in "$folder"/certs/seal/hub.key "$folder"/certs/tls/hub.key; do
    openssl pkey -in "$key" -noout -text 2>/dev/null | awk '/^priv:/{p=1;next} /^pub:/{p=0} p' | tr -d ' :\n' | sed 's/^00//'; echo
  done
  sqlite3 -readonly "$folder/hub/hub.db" "SELECT DISTINCT payee_account_no FROM payment_attempt LIMIT 60"
} | awk 'length >= 10' | sort -u >"$canaries"
count=$(wc -l <"$canaries")

# --- where they must not be -------------------------------------------------------------------------------------------------
mkdir -p "$seen/places"
cp "$folder"/hub/log "$seen/places/hub.log" 2>/dev/null
find "$folder" -name '*.log' -exec cat {} + >"$seen/places/other.log" 2>/dev/null
cp "$seen/processes" "$seen/demo.err" "$seen/report.json" "$seen/places/"
export ZHIDA_CONFIG=$folder/hub/zhida.yaml
"$bin/zhida" config show >"$seen/places/config" 2>&1
"$bin/zhida" config show --json >"$seen/places/config.json" 2>&1
"$bin/zhida" cert list --json >"$seen/places/certificates" 2>&1
"$bin/zhida" check >"$seen/places/check" 2>&1
echo wrong >"$seen/wrong"; chmod 600 "$seen/wrong"
"$bin/zhida-keyd" --key "$folder/certs/seal/hub.locked.key" --socket "$seen/s" --passphrase-file "$seen/wrong" >"$seen/places/keyd" 2>&1
"$bin/zhida" seal show "$folder/certs/seal/hub.key" >"$seen/places/error" 2>&1
case=$(sqlite3 -readonly "$folder/hub/hub.db" "SELECT id FROM benefit_case LIMIT 1" 2>/dev/null)
[ -n "$case" ] && "$bin/zhida" case show "$case" --json >"$seen/places/case.json" 2>&1

# The hub runs once more: what it answers, and what it leaves behind when it is shot down.
( cd "$seen" && exec "$bin/zhida" serve ) >"$seen/ready" 2>>"$seen/places/second.log" & hub=$!
for _ in $(seq 300); do grep -q '^ready' "$seen/ready" && break; kill -0 $hub 2>/dev/null || break; sleep 0.1; done
port=$(sed -n 's/^ready http=\([0-9]*\).*/\1/p' "$seen/ready")
[ -n "$port" ] || { echo "the hub did not start again"; tail -3 "$seen/places/second.log"; exit 1; }
tls="$folder/certs/tls"
for path in /metrics /readyz /openapi.json /api/v1/status /api/v1/cases /api/v1/quarantine /api/v1/messages /api/v1/dead-letters /api/v1/audit /api/v1/sources /api/v1/nowhere; do
  curl -s --cacert "$tls/ca.crt" --cert "$tls/operator.crt" --key "$tls/operator.key" "https://127.0.0.1:$port$path" >>"$seen/places/answers"
done
curl -s --cacert "$tls/ca.crt" -d '{"id":"zhang.jingban","password":"no"}' -H 'Content-Type: application/json' "https://127.0.0.1:$port/api/v1/sign-in" >>"$seen/places/answers"
kill -SEGV $hub 2>/dev/null; wait $hub 2>/dev/null
cores=$(find "$seen" "$folder" . -maxdepth 1 -name 'core*' -type f 2>/dev/null)
[ -z "$cores" ] || { echo "The hub left a core file: $cores"; exit 1; }
[ ! -s "$seen/open" ] || { sort -u "$seen/open" | head -3; exit 1; }

found=0
for place in "$seen"/places/*; do
  hits=$(grep -aoFf "$canaries" "$place" | sort -u | wc -l)
  [ "$hits" -eq 0 ] && continue
  echo "$(basename "$place"): $hits secrets, the first begins with $(grep -aoFf "$canaries" "$place" | head -1 | cut -c1-4)…"
  found=$((found + hits))
done
[ "$count" -ge 50 ] || { echo "Only $count canaries were found to look for; fifty are wanted"; exit 1; }
[ "$found" -eq 0 ] || exit 1
echo "$count secrets, $(ls "$seen/places" | wc -l) places, none found"
