#!/usr/bin/env bash
# notices_loss.sh BUILD: a hub that accepts messages before it commits them is killed again and again; the story must fail. Several towns may
# be needed before a kill meets an open commit, so the window is held open by the failpoint.
set -uo pipefail
build=$1
[ -x "$build/failpoints/zhida_failpoints" ] || { echo "SKIPPED: zhida_failpoints is not built"; exit 77; }
bin=$build/story_loss_bin
rm -rf "$bin"; mkdir -p "$bin"
for program in "$build"/bin/*; do ln -s "$program" "$bin/"; done
rm -f "$bin/zhida"; ln -s "$build/failpoints/zhida_failpoints" "$bin/zhida"
for seed in 21 22 23; do
  if ! ZHIDA_FAILPOINT=accept_before_commit ZHIDA_BIN=$bin deploy/demo --once --json --dir "$build/story_loss" --enterprises 60 --seed $seed --kill 20 --patience 30 >"$build/story_loss.json" 2>"$build/story_loss.err"; then
    echo "The story noticed that something was lost (seed $seed):"
    tail -2 "$build/story_loss.err"
    exit 0
  fi
done
echo "Three stories with a hub that accepts before it commits all agreed: this test would not see a loss."
exit 1
