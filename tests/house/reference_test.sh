#!/usr/bin/env bash
# reference_test.sh SOURCE_FOLDER BUILD_FOLDER: the generated pages in the repository are what this build would write.
set -uo pipefail
source=$1; zhida=$2/bin/zhida
cd "$source" || exit 70
[ -x "$zhida" ] || { echo "$zhida is not there: build the target zhida."; exit 1; }
scratch=$(mktemp -d) || exit 70
trap 'rm -rf "$scratch"' EXIT
"$zhida" reference "$scratch/reference" >/dev/null || { echo "\`zhida reference\` failed."; exit 1; }
"$zhida" config example >"$scratch/zhida.example.yaml" || { echo "\`zhida config example\` failed."; exit 1; }
result=0
if ! diff -ru docs/reference "$scratch/reference"; then
  echo "docs/reference is not what the declarations say. Mend it in the repository's root with: zhida reference docs/reference"
  result=1
fi
if ! diff -u deploy/zhida.example.yaml "$scratch/zhida.example.yaml"; then
  echo "deploy/zhida.example.yaml is not what the declarations say. Mend it with: zhida config example > deploy/zhida.example.yaml"
  result=1
fi
exit $result
