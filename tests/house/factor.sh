#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: factor.sh FACTOR
# docs/examples/factor.c says the same as factor(1), in order, of an endless
# input too.
set -eu
factor=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'factor.sh: %s\n' "$*" >&2
    exit 1
}

{ seq 0 2000 && seq 1000000000000 1000000001000; } | sed 1d >"$work/numbers"
factor <"$work/numbers" >"$work/expected"
"$factor" <"$work/numbers" >"$work/out"
cmp "$work/out" "$work/expected" || fail "not the same factors"

"$factor" </dev/null >"$work/out"
[ ! -s "$work/out" ] || fail "factors of nothing"

lines=$(yes 600851475143 | { "$factor" || true; } | head -n 5000 | sort -u)
[ "$lines" = "600851475143: 71 839 1471 6857" ] || fail "endless: $lines"

if printf '12\nx\n13\n' | "$factor" >"$work/out" 2>"$work/err"; then
    fail "takes a letter for a number"
fi
[ "$(cat "$work/out")" = "12: 2 2 3" ] || fail "what precedes a letter is lost"
grep -q 'factor: Invalid' "$work/err" || fail "does not say why"
