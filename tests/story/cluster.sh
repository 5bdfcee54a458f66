#!/usr/bin/env bash
# cluster.sh FOLDER option...: the same binary on a database server and a broker that stand beside it (with_peers starts them): the
# story of deploy/demo with these options comes to the same end, and nothing of it lies in a file of the hub's own.
set -uo pipefail
folder=$1; shift
fail() { echo "$*"; tail -5 "$folder/story.log" "$folder/hub/log" 2>/dev/null; exit 1; }
said=$(deploy/demo --once --dir "$folder" --database postgresql://zhida:canary-8f3@127.0.0.1:1/none 2>&1); [ $? -eq 2 ] || fail "A password among the arguments was taken: $said"
case $said in *canary-8f3*) fail "The password was repeated: $said" ;; esac
deploy/demo --once --json --dir "$folder" --database "$ZHIDA_TEST_DATABASE" --broker "$ZHIDA_TEST_BROKER" "$@" >"$folder.report" || fail "deploy/demo --once $* failed"
jq -e '(.truth.differ == 0 and .truth.agree > 0) and (.payments | .requests > 0 and .settled > 0 and .open == 0) and (.payments.settled_fen == .treasury.money_out_fen) and
  .treasury.paid_twice == 0 and .audit.verified and .messages.accepted > 0 and .messages.lost == 0' "$folder.report" >/dev/null || fail "The report does not agree: $(cat "$folder.report")"
ask() { psql -X -q -A -t "$ZHIDA_TEST_DATABASE" -c "$1"; }
[ ! -e "$folder/hub/hub.db" ] || fail "The hub kept a database of its own."
[ "$(ask "SELECT count(DISTINCT peer) FROM inbox WHERE peer IN ('treasury', 'credit')")" = 2 ] || fail "Messages of the treasury and of the credit centre were expected: $(ask "SELECT peer, count(*) FROM inbox GROUP BY peer")"
[ "$(ask "SELECT count(*) FROM inbox WHERE peer = 'broker'")" = 0 ] || fail "A message was taken as the broker's own."
"$ZHIDA_BIN/zhida" audit verify --config "$folder/hub/zhida.yaml" >/dev/null || fail "The trail does not hold."
jq -c '{truth, payments, treasury, messages, killed, seconds}' "$folder.report"
