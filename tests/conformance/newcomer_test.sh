#!/usr/bin/env bash
# Does what docs/adding_a_source.md says: puts tests/conformance/example_source over a scratch checkout, edits nothing else,
# builds it and runs the conformance suite over the new adapter.
# Usage: newcomer_test.sh SOURCE_DIR BINARY_DIR [cmake -D options of the outer build]
set -euo pipefail

source_dir="$1"
binary_dir="$2"
shift 2

# Two levels below its own root like build/dev, so that the compiler cache sees the same relative paths.
scratch="$binary_dir/newcomer"
rm -rf "$scratch"
mkdir -p "$scratch/tests"
trap 'rm -rf "$scratch"' EXIT

cp "$source_dir/CMakeLists.txt" "$scratch/"
cp -rL "$source_dir/hub" "$source_dir/adapters" "$scratch/"
[[ ! -d "$source_dir/mappings" ]] || cp -rL "$source_dir/mappings" "$scratch/"
cp -rL "$source_dir/tests/CMakeLists.txt" "$source_dir/tests/support" "$source_dir/tests/conformance" "$scratch/tests/"
before="$(cd "$scratch" && find . -type f | sort)"

cp -r "$scratch/tests/conformance/example_source/adapters/." "$scratch/adapters/"
mkdir -p "$scratch/mappings"
cp -r "$scratch/tests/conformance/example_source/mappings/." "$scratch/mappings/"
echo "Added:"
comm -13 <(echo "$before") <(cd "$scratch" && find . -type f | sort)

cmake -G Ninja -S "$scratch" -B "$scratch/build/newcomer" -DZHIDA_ADAPTERS=water "$@" >"$scratch/cmake.log" 2>&1 || {
  cat "$scratch/cmake.log"
  exit 1
}
ninja -C "$scratch/build/newcomer" conformance_test >"$scratch/build.log" 2>&1 || {
  tail -n 60 "$scratch/build.log"
  exit 1
}
grep -q "adapters::water::spec()" "$scratch/build/newcomer/generated/catalogue.cpp" || {
  echo "The catalogue does not know the new adapter."
  exit 1
}
# The hostile files are made for two of the hub's own adapters, which this build leaves out.
"$scratch/build/newcomer/tests/conformance_test" '--run_test=!hostile_files' --color_output=no --report_level=short 2>&1 | tail -n 40

# The switch that rewrites expected files works here too.
if [[ -n "${ZHIDA_UPDATE_GOLDEN:-}" ]]; then
  cp "$scratch"/adapters/water/fixtures/*.out.json "$source_dir/tests/conformance/example_source/adapters/water/fixtures/"
fi

# The mapping, where the command line tool has been built.
if [[ -x "$binary_dir/bin/zhida" ]]; then
  "$binary_dir/bin/zhida" mapping check "$scratch/mappings"
  "$binary_dir/bin/zhida" mapping test "$scratch/mappings/water/usage.yaml"
else
  echo "SKIPPED: the mapping was not checked, because bin/zhida is not built."
fi
