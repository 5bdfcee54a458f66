#!/usr/bin/env bash
# notices_loss.sh BUILD: a hub that accepts messages before it commits them is killed again and again: the story must name a message that was
# accepted and is not in the hub. The same town, with the same kills, of a hub in good order must agree: then it was the loss that was noticed.
# A kill must meet an open commit, which the failpoint holds open; a town in which none did is followed by another one.
set -uo pipefail
build=$(realpath "$1")
if [ -z "${ZHIDA_LONG:-}" ]; then echo "SKIPPED: a hub that accepts before it commits takes minutes to be caught; tests/run --long does it"; exit 77; fi
[ -x "$build/failpoints/zhida_failpoints" ] || { echo "SKIPPED: zhida_failpoints is not built"; exit 77; }
bin=$build/story_loss_bin
rm -rf "$bin"; mkdir -p "$bin"
for program in "$build"/bin/*; do ln -s "$program" "$bin/"; done
rm -f "$bin/zhida"; ln -s "$build/failpoints/zhida_failpoints" "$bin/zhida"
# story PROGRAMS SEED: gives the exit code of the killed story.
story() {
  ZHIDA_BIN=$1 deploy/demo --once --json --dir "$build/story_loss" --enterprises 60 --seed "$2" --kill 20 --patience 30 \
    >"$build/story_loss.json" 2>"$build/story_loss.err"
}
for seed in 21 22 23 24 25; do
  ZHIDA_FAILPOINT=accept_before_commit story "$bin" $seed
  status=$?
  # Only this counts: a story that fails for another reason proves nothing.
  if [ $status -eq 0 ] || ! grep -q "were accepted and are not in the hub" "$build/story_loss.err"; then
    echo "seed $seed: no accepted message was lost; the story ended with $status"
    tail -2 "$build/story_loss.err"
    continue
  fi
  echo "The story noticed what was lost (seed $seed):"
  grep -A 5 "were accepted and are not in the hub" "$build/story_loss.err"
  if story "$build/bin" $seed; then
    echo "The same story with a hub in good order agrees."
    exit 0
  fi
  echo "The same story with a hub in good order does not agree either:"
  tail -5 "$build/story_loss.err"
  exit 1
done
echo "Five stories with a hub that accepts before it commits did not name a lost message: this test would not see a loss."
exit 1
