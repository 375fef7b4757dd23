#!/usr/bin/env bash
# Installs what the tests need, builds and runs all of them. One command, on a fresh Debian 12 as well.
#   tests/run.sh            everything
#   tests/run.sh PRESET...  only these: asan tsan fuzz
# The last line is CTest's verdict; skipped tests are counted above it.
set -euo pipefail
cd "$(dirname "$0")/.."
presets=("$@")
[ ${#presets[@]} -gt 0 ] || presets=(fuzz tsan asan)

deploy/packages.sh test
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-5G}"
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="suppressions=$PWD/tests/support/tsan.supp ignore_noninstrumented_modules=1"

# The targets of a preset: the whole tree under asan; the fuzzers alone under clang; the threads alone under tsan.
targets() {
  case "$1" in
    asan) echo all ;;
    fuzz) echo fuzz_targets ;;
    tsan) echo tsan_targets ;;
    *)
      echo "unknown preset '$1': use asan, tsan or fuzz" >&2
      exit 2
      ;;
  esac
}

skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for preset in "${presets[@]}"; do
  target=$(targets "$preset")
  echo "== $preset"
  cmake --preset "$preset" >"$log" 2>&1 || { cat "$log"; exit 1; }
  cmake --build --preset "$preset" --target "$target" >"$log" 2>&1 || { tail -n 60 "$log"; exit 1; }
  labels=()
  [ "$preset" = fuzz ] && labels=(-L fuzz)
  [ "$preset" = tsan ] && labels=(-L tsan)
  failed=0
  ctest --preset "$preset" "${labels[@]}" --no-tests=error -j "$(nproc)" 2>&1 | tee "$log" || failed=1
  skipped=$((skipped + $(grep -c '\*\*\*Skipped' "$log" || true)))
  [ "$failed" = 0 ] || exit 1
done
echo "skipped tests: $skipped"
grep -h 'tests passed' "$log" | tail -n 1
