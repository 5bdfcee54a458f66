#!/usr/bin/env bash
# evidence.sh FOLDER option...: the evidence of a case that was really paid. A small story is told with deploy/demo; packs for
# an auditor, the firm and the public are written; each is checked in an empty environment, in a folder that holds nothing
# but zhida-verify and the pack; then octets are altered and each change must be found and its member named.
set -uo pipefail
folder=$1; shift
bin=$ZHIDA_BIN
fail() { echo "$*"; exit 1; }
deploy/demo --once --json --dir "$folder" "$@" > "$folder.report" || { tail -5 "$folder/story.log"; fail "deploy/demo --once $* failed"; }
config="$folder/hub/zhida.yaml"; db="$folder/hub/hub.db"
at=$(date -u -d "@$(($(sqlite3 -readonly "$db" 'SELECT max(at) FROM audit_record') / 1000 + 86400))" +%Y-%m-%dT%H:%M:%SZ)
case=$(sqlite3 -readonly "$db" "SELECT c.id FROM benefit_case c JOIN payment_attempt a ON a.case_id = c.id WHERE c.state = 'paid' ORDER BY c.id LIMIT 1")
account=$(sqlite3 -readonly "$db" "SELECT payee_account_no FROM benefit_case WHERE id = '$case'")
[ -n "$case" ] && [ -n "$account" ] || fail "no case was paid"

away=$(mktemp -d); tsa=; trap '[ -n "$tsa" ] && kill "$tsa"; rm -rf "$away"' EXIT
cp "$bin/zhida-verify" "$away/"; cp "$folder/certs/seal/ca.crt" "$away/root.crt"; cp "$folder/sim/tsa/root.crt" "$away/time-root.crt"
# The story is over, but the time-stamping authority is an office: it can still be asked.
"$bin/sim_tsa" --state "$folder/sim/tsa" --clock "$folder/clock" --listen "127.0.0.1:$(sed -n 's/^tsa_port=//p' "$folder/ports")" >"$away/tsa.out" 2>/dev/null & tsa=$!
for _ in $(seq 200); do grep -q '^ready ' "$away/tsa.out" && break; sleep 0.05; done
check() { (cd "$away" && env -i ./zhida-verify pack "$@"); }

for level in auditor firm public; do
  "$bin/zhida" evidence export --config "$config" --case "$case" --for "$level" --reader "试验 $level" -o "$away/$level.zip" ||
    fail "zhida evidence export --for $level failed"
  check "$level.zip" --root root.crt --root time-root.crt --require-time --at "$at" > "$away/$level.json" || { cat "$away/$level.json"; fail "the pack for $level does not hold"; }
  check "$level.zip" --at "$at" > "$away/own.json" || fail "the pack for $level does not hold by its own roots"
  jq -e '.roots == "pack" and (.notes | any(test("taken from the pack itself")))' "$away/own.json" >/dev/null || fail "nothing is said of the pack's own roots"
done
[ "$(jq -r '.statement.root' "$away"/{auditor,firm,public}.json | sort -u | wc -l)" = 1 ] || fail "the packs do not show the same root"
jq -e --arg account "$account" '.facts["payee.account_no"] == $account and .facts["case.state"] == "paid" and .sources.rows_proven > 0 and .sources.rows == .sources.rows_proven and (.documents | any(.kind == "payment_request" and .shown)) and (.documents | any(.kind == "treasury_answer")) and .statement.withheld == 0' "$away/auditor.json" >/dev/null ||
  { jq '{sources, documents, statement}' "$away/auditor.json"; fail "the auditor's pack lacks something"; }
# Each department's decision bears the department's own seal, whoever reads the pack; nobody else's passes for it.
for level in auditor firm public; do
  jq -e '(.offices | length) >= 2 and all(.offices[]; .holds == true and .verdict == "agree" and (.seal_id | startswith("ZHIDA-DEV-")) and (.holder != "department" or .seal_name == .department))' "$away/$level.json" >/dev/null ||
    { jq .offices "$away/$level.json"; fail "the pack for $level lacks a department's seal"; }
done
# A person's own seal is told where the person is: to the auditor alone.
for level in firm public; do
  jq -e 'all(.offices[]; .holder == "department")' "$away/$level.json" >/dev/null || fail "the pack for $level tells who sealed"
done
jq -e '[.documents[] | select(.kind == "office_decision")] | length >= 2 and all(.[]; .shown)' "$away/auditor.json" >/dev/null || fail "the auditor does not see the decisions"
[ "$(sqlite3 -readonly "$db" "SELECT count(*) FROM payment_attempt a JOIN benefit_case c ON c.id = a.case_id JOIN office_decision d ON d.case_id = c.id AND d.round = c.review_round WHERE d.state <> 'sealed'")" = 0 ] || fail "money was asked for without a required seal"
jq -e '.log.trusted_at != null and (.log.witnesses | any(.peer == "treasury" and .records_seen > 0))' "$away"/{auditor,firm,public}.json >/dev/null ||
  { jq .log "$away/auditor.json"; fail "the pack's head bears no time-stamp, or nobody countersigned the log"; }
jq -e '.statement.withheld > 0 and (.facts | has("payee.account_no") | not) and (.documents | all(.shown | not))' "$away/public.json" >/dev/null || fail "the public pack shows too much"
grep -qa "$account" "$away/public.zip" && fail "the account stands in the public pack"
grep -qa "$account" "$away/firm.zip" || fail "the firm does not see its own account"
kill "$tsa"; wait "$tsa" 2>/dev/null; tsa=
"$bin/zhida" evidence export --config "$config" --case "$case" --withhold 'payee.*' -o "$away/less.zip" >/dev/null || fail "--withhold failed"
check less.zip --root root.crt --at "$at" >/dev/null || fail "a pack with more withheld does not hold"
check less.zip --root root.crt --root time-root.crt --require-time --at "$at" >/dev/null; [ $? = 12 ] || fail "a pack without a time-stamp passes for one with it"
grep -qa "$account" "$away/less.zip" && fail "the withheld account stands in the pack"

# Who got what is in the trail, with the digest of the file.
digest=$(jq -r .archive_sm3 "$away/public.json")
[ "$(sqlite3 -readonly "$db" "SELECT count(*) FROM audit_record WHERE kind = 'evidence_exported' AND case_id = '$case' AND payload_digest = '$digest' AND detail LIKE '%试验 public%'")" = 1 ] || fail "the trail does not tell who got the public pack"
"$bin/zhida" audit verify --config "$config" --json >"$away/log.json" || fail "the trail does not hold"
jq -e '.tokens > 0 and .tokens_judged and .countersignatures > 0' "$away/log.json" >/dev/null || { cat "$away/log.json"; fail "the log has no time-stamp or no witness"; }
"$bin/zhida" audit witnesses --config "$config" | grep -q '^treasury countersigned the head of ' || fail "zhida audit witnesses does not name the treasury"
jq -e '.refused == null and .countersigned > 0' "$folder/sim/treasury/witness.json" >/dev/null || fail "the treasury does not believe the log"

# What cannot be had is refused with its reason.
"$bin/zhida" evidence export --config "$config" --case NOSUCHCASE -o "$away/none.zip" 2>"$away/err" && fail "a pack of no case"
"$bin/zhida" evidence export --config "$config" --case "$case" --withhold nothing.of.this -o "$away/none.zip" 2>"$away/err" && fail "--withhold of nothing"
"$bin/zhida" evidence export --config "$config" --case "$case" --for friends -o "$away/none.zip" 2>"$away/err" && fail "--for friends"
[ ! -e "$away/none.zip" ] || fail "a refused pack was written"

# An octet altered in the middle of each member: found, and the member named. Then octets anywhere.
size=$(stat -c %s "$away/auditor.zip")
alter() { # position → bad.zip
  cp "$away/auditor.zip" "$away/bad.zip"
  byte=$(od -An -tu1 -j "$1" -N 1 "$away/bad.zip" | tr -d ' ')
  printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$away/bad.zip" bs=1 seek="$1" conv=notrunc status=none
}
while IFS=$'\t' read -r name start length; do
  [ "$length" -gt 0 ] || continue
  alter $((start + length / 2))
  check bad.zip --root root.crt --at "$at" > "$away/bad.json"; status=$?
  { [ $status -ge 1 ] && [ $status -le 12 ]; } || fail "an altered $name gives $status"
  case $name in
    documents/*-office_decision.*) jq -e 'any(.offices[]; .holds == false)' "$away/bad.json" >/dev/null || fail "an altered $name leaves every office's seal whole" ;;
  esac
  jq -e --arg name "$name" '.does_not_hold | index($name)' "$away/bad.json" >/dev/null || { jq .findings "$away/bad.json"; fail "an altered $name is not named"; }
done < <(zipinfo -s "$away/auditor.zip" | awk '$1 ~ /^[-?]/ { at += 30 + length($NF); print $NF "\t" at "\t" $4; at += $4 }')
RANDOM=${ZHIDA_SEED:-$(date +%s)}; echo "ZHIDA_SEED=$RANDOM"; RANDOM=$RANDOM
for _ in $(seq 40); do
  alter $(((RANDOM * 32768 + RANDOM) % size))
  check bad.zip --root root.crt --at "$at" > "$away/bad.json" && fail "an altered octet is not found"
  jq -e '.does_not_hold | length > 0' "$away/bad.json" >/dev/null || fail "an altered octet is not named"
done
check nothere.zip 2>/dev/null; [ $? = 66 ] || fail "a missing file must give 66"
check 2>/dev/null; [ $? = 64 ] || fail "no file must give 64"
echo "$case: packs for auditor, firm and public hold; altered octets are found and named"
