#!/usr/bin/env bash
# offices.sh FOLDER option...: whose seal, while the seal platform is wrong in every way, away and slow, and the hub is killed.
# The story of deploy/demo must still come to its end, with one seal of the right department for each decision, one of the
# person beside it where the settings name that person, and no money asked for before.
set -uo pipefail
folder=$1; shift
bin=$ZHIDA_BIN
fail() { echo "$*"; exit 1; }
rm -f "$folder/sim/seal_platform/out"  # Of an earlier run: its platform is not the one to wait for.
deploy/demo --once --json --dir "$folder" "$@" > "$folder.report" & demo=$!
trap 'kill $demo 2>/dev/null' EXIT
state="$folder/sim/seal_platform"; db="$folder/hub/hub.db"
ask() { sqlite3 -readonly -cmd '.timeout 5000' "$db" "$1" 2>/dev/null; }
for _ in $(seq 3000); do grep -q '^ready ' "$state/out" 2>/dev/null && break; kill -0 $demo 2>/dev/null || fail "the demo ended early"; sleep 0.1; done
# Each of them until it was met, then the next; a story that is over before all were met says so below.
for fault in altered other-digest other-office not-json no-seal old; do
  before=$(ask "SELECT count(*) FROM office_seal_wrong"); echo "$fault" > "$state/fault"
  for _ in $(seq 1200); do [ "$(ask "SELECT count(*) FROM office_seal_wrong")" -gt "${before:-0}" ] 2>/dev/null && break; kill -0 $demo 2>/dev/null || break; sleep 0.2; done
  : > "$state/fault"
done
echo absent > "$state/mood"; sleep 2; echo slow=1500 > "$state/mood"; sleep 4; : > "$state/mood"
wait $demo || { tail -5 "$folder/story.log"; fail "deploy/demo --once $* failed"; }
trap - EXIT

decisions=$(ask "SELECT count(*) FROM office_decision WHERE holder = ''")
persons=$(ask "SELECT count(*) FROM office_decision WHERE holder <> ''")
read -r _ department person title <deploy/demo_persons
[ "$decisions" -gt 10 ] || fail "only $decisions decisions were taken"
# Steps from 1000 stand beside the book of reviews: what became of objections, and a releaser's no.
beside=$(ask "SELECT count(*) FROM office_decision WHERE holder = '' AND step >= 1000")
[ "$(ask "SELECT count(*) FROM case_review")" = "$((decisions - beside))" ] || fail "not every decision was written down for its seal"
[ "$(ask "SELECT (SELECT count(*) FROM objection WHERE state IN ('upheld', 'dismissed')) + (SELECT count(*) FROM case_event WHERE (event = 'refused' AND role = 'releaser') OR (event = 'voided' AND role = 'officer'))")" = "$beside" ] || fail "not every objection and every no of a releaser was written down for its seal"
[ "$persons" -gt 0 ] && [ "$(ask "SELECT count(*) FROM case_review WHERE department = '$department' AND actor = 'user:$person'")" = "$(ask "SELECT count(*) FROM office_decision WHERE holder <> '' AND step < 1000")" ] || fail "not every decision of $person for $department was written down for that person's seal"
[ "$(ask "SELECT DISTINCT department || holder || es_id FROM office_decision WHERE holder <> ''")" = "${department}user:$person$(jq -r --arg name "$(cut -d' ' -f1 deploy/demo_persons)" '.[$name]' "$folder/certs/seals.json")" ] || fail "a person's seal is not that of $title"
[ "$(ask "SELECT count(*) FROM office_decision WHERE state <> 'sealed'")" = 0 ] || fail "a decision has no seal"
[ "$(ask "SELECT count(*) FROM audit_record WHERE kind = 'office_seal_received'")" = "$((decisions + persons))" ] || fail "a seal was kept twice, or never"
[ "$(jq -r .message_id "$state/sealed.jsonl" | sort | uniq -d | wc -l)" = 0 ] || fail "the platform sealed one document twice"
[ "$(ask "SELECT count(*) FROM audit_record d JOIN audit_record s ON s.case_id = d.case_id AND s.kind = 'office_seal_received' WHERE d.kind = 'request_drawn_up' AND s.seq > d.seq AND (SELECT review_round FROM benefit_case c WHERE c.id = d.case_id) = 1")" = 0 ] || fail "money was asked for before the seals were there"
wrong=$(ask "SELECT group_concat(code, ' ') FROM (SELECT DISTINCT code FROM office_seal_wrong ORDER BY code)")
[ "$wrong" = "office_seal_data_hash office_seal_date office_seal_of_another office_seal_sign_value seal_platform_garbage" ] || fail "not every wrong answer was found and named: $wrong"
"$bin/zhida" audit verify --config "$folder/hub/zhida.yaml" > /dev/null || fail "the trail does not hold"
echo "$decisions decisions ($beside beside the reviews), each under one seal of its department, $persons also under that of the person; wrong answers found: $wrong"
