#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: fork_join.sh PROGRAMS ROOT
# The examples of docs/fork-join.md compute, with any number of workers, what
# their serial forms do, and report what goes wrong; the page shows them as
# they are.
set -eu
programs=$1 root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
exec </dev/null

fail() {
    printf 'fork_join.sh: %s\n' "$*" >&2
    exit 1
}

# exits STATUS PROGRAM ARGUMENT...
exits() {
    local expected=$1 program=$2 status=0
    shift 2
    "$programs/$program" "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" -eq "$expected" ] || {
        cat "$work/err" >&2
        fail "$program $*: exit $status instead of $expected"
    }
    [ "$status" -eq 0 ] || [ -s "$work/err" ] ||
        fail "$program $*: nothing on stderr"
}

# says FILE TEXT
says() {
    grep -q "$2" "$work/$1" || fail "$1: not a word of: $2"
}

make_tree() {
    local deep=$work/deep i
    for i in $(seq 60); do
        mkdir -p "$work/wide/$i/$i"
        printf 'wide' >"$work/wide/$i/$i/file"
        deep=$deep/$i
    done
    mkdir -p "$deep"
    ln "$work/wide/1/1/file" "$work/wide/second name"
    ln -s . "$work/wide/loop"
}

test_results() {
    local workers
    for workers in 1 2 5; do
        exits 0 queens 8 $workers
        says out '^92 ways$'
        exits 0 mergesort 30000 $workers
        exits 0 mergesort 30000 $workers 64
        exits 0 mergesort 1 $workers
        exits 0 matrix 70 $workers
        exits 0 matrix 1 $workers
        exits 0 mandelbrot "$work/$workers.pgm" 50 $workers
        cmp "$work/1.pgm" "$work/$workers.pgm"
        exits 0 directory_size "$work/wide" $workers
        says out '^244 bytes$'
    done
    [ "$(head -n 2 "$work/1.pgm" | tr '\n' ' ')" = "P5 50 50 " ] ||
        fail "not a picture"
    [ "$(wc -c <"$work/1.pgm")" -eq 2513 ] || fail "not all of the picture"
}

test_failures() {
    local program
    for program in queens matrix mergesort "mandelbrot $work/0.pgm" \
        "directory_size $work"; do
        exits 2 $program x
        exits 2 $program 1x
        exits 2 $program ''
        exits 2 $program -1
        exits 2 $program 1 1 2 3
    done
    exits 2 mandelbrot
    exits 2 directory_size
    exits 1 mandelbrot "$work" 10
    exits 1 mandelbrot /dev/full 10
    exits 1 directory_size "$work/missing"
    says err 'missing: No such file or directory'
    ulimit -n 40 # less than there are levels
    for workers in 1 2; do
        exits 1 directory_size "$work/deep" $workers
        says err 'Too many open files'
    done
}

# Each block that comes after "[name.c](examples/name.c):" is part of it.
test_page() {
    local name= block= inside= line count=0
    while IFS= read -r line; do
        if [ "$line" = '```c' ] && [ "$name" ]; then
            inside=1 block=
        elif [ "$inside" ] && [ "$line" = '```' ]; then
            [[ "$block" && "$(cat "$root/docs/examples/$name")" == \
                *"$block"* ]] ||
                fail "docs/fork-join.md: not in $name: $block"
            inside= name= count=$((count + 1))
        elif [ "$inside" ]; then
            block+=$line$'\n'
        elif [[ "$line" =~ \]\(examples/([a-z_]+\.c)\):$ ]]; then
            name=${BASH_REMATCH[1]}
        elif [ "$line" ]; then
            name=
        fi
    done <"$root/docs/fork-join.md"
    [ "$count" -gt 0 ] || fail "docs/fork-join.md shows no example"
}

make_tree
test_page
test_results
test_failures
echo "fork_join.sh: all is well"
