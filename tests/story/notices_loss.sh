#!/usr/bin/env bash
# notices_loss.sh BUILD: a hub that accepts messages before it commits them is killed again and again; the story must fail. Several towns may
# be needed before a kill meets an open commit, so the window is held open by the failpoint.
set -uo pipefail
build=$(realpath "$1")
if [ -z "${ZHIDA_LONG:-}" ]; then echo "SKIPPED: a hub that accepts before it commits takes minutes to be caught; tests/run --long does it"; exit 77; fi
[ -x "$build/failpoints/zhida_failpoints" ] || { echo "SKIPPED: zhida_failpoints is not built"; exit 77; }
bin=$build/story_loss_bin
rm -rf "$bin"; mkdir -p "$bin"
for program in "$build"/bin/*; do ln -s "$program" "$bin/"; done
rm -f "$bin/zhida"; ln -s "$build/failpoints/zhida_failpoints" "$bin/zhida"
for seed in 21 22 23; do
  ZHIDA_FAILPOINT=accept_before_commit ZHIDA_BIN=$bin deploy/demo --once --json --dir "$build/story_loss" --enterprises 60 --seed $seed --kill 20 \
    --patience 30 >"$build/story_loss.json" 2>"$build/story_loss.err"
  status=$?
  # Only these count: a demo that fails for another reason proves nothing.
  if [ $status -ne 0 ] && grep -qE "are not in the hub|did not agree|story_not_over" "$build/story_loss.err"; then
    echo "The story noticed that something was lost (seed $seed):"
    tail -3 "$build/story_loss.err"
    exit 0
  fi
  echo "seed $seed: ended with $status"
  tail -2 "$build/story_loss.err"
done
echo "Three stories with a hub that accepts before it commits did not name a lost message: this test would not see a loss."
exit 1
