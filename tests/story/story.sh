#!/usr/bin/env bash
# story.sh FOLDER option...: deploy/demo --once with these options; everything must agree, with fields that a program can read.
set -uo pipefail
folder=$1; shift
report=$(deploy/demo --once --json --dir "$folder" "$@"); status=$?
if [ $status -ne 0 ]; then
  echo "deploy/demo --once $* ended with $status"
  tail -5 "$folder/story.log"; tail -5 "$folder/hub/log"
  exit 1
fi
# JSON alone on standard output, with every promised field.
echo "$report" | jq -e '
  (.records | .received == .accepted + .quarantined and .received > 0) and (.profiles > 0) and
  (.verdicts.met > 0 and .verdicts.not_met > 0 and .verdicts.unknown > 0) and (.truth.differ == 0 and .truth.agree > 0) and
  (.payments | .requests > 0 and .settled > 0 and .returned >= 0 and .sent_back >= 0 and .open == 0) and
  (.payments.settled_fen == .treasury.money_out_fen) and (.treasury.requests_seen > 0 and .treasury.paid_twice == 0) and
  (.decisions_to_fund > 0 and .reliefs > 0) and (.audit.records > 0 and .audit.verified) and (.messages.accepted > 0 and .messages.lost == 0) and (.seconds > 0)' >/dev/null ||
  { echo "The report lacks a field or does not agree:"; echo "$report"; exit 1; }

# What an auditor would ask of the folder that is left behind.
bin=$ZHIDA_BIN
"$bin/zhida" audit verify --config "$folder/hub/zhida.yaml" || exit 1
day=$(jq -r '.day // empty' "$folder/town/verdicts.json"); day=${day:-2025-11-10}
"$bin/zhida" reconcile --day "$day" --config "$folder/hub/zhida.yaml" >/dev/null
[ $? -le 1 ] || { echo "zhida reconcile failed"; exit 1; }

# A stranger checks sealed payment requests without the hub: one sealed alone and one sealed in a batch, where the day had both.
checked=0
for batch in "seal_proof = ''" "seal_proof <> ''"; do
  row=$(sqlite3 -readonly "$folder/hub/hub.db" "SELECT business_no FROM payment_attempt WHERE state = 'settled' AND $batch LIMIT 1")
  [ -n "$row" ] || continue
  sqlite3 -readonly "$folder/hub/hub.db" "SELECT writefile('$folder/request.xml', body), writefile('$folder/request.ses', seal),
    writefile('$folder/proof.json', seal_proof) FROM payment_attempt WHERE business_no = '$row'" >/dev/null
  verify=("$bin/zhida-verify" --root "$folder/certs/seal/ca.crt" --crl "$folder/certs/seal/ca.crl")
  if [ -s "$folder/proof.json" ]; then verify+=(--proof "$folder/proof.json"); fi
  "${verify[@]}" --data "$folder/request.xml" "$folder/request.ses" >/dev/null ||
    { echo "zhida-verify refuses the seal of request $row ($batch)"; exit 1; }
  sed -i 's/PAY_APP_AMT>./PAY_APP_AMT>9/' "$folder/request.xml"
  if "${verify[@]}" --data "$folder/request.xml" "$folder/request.ses" >/dev/null; then
    echo "zhida-verify accepts an altered request $row ($batch)"; exit 1
  fi
  checked=$((checked + 1))
done
[ $checked -gt 0 ] || { echo "No settled request to check"; exit 1; }
echo "$report"
