#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: tree.sh TREE
# What docs/examples/tree.c promises, checked on trees made for it.
set -eu
tree=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
exec </dev/null

fail() {
    printf 'tree.sh: %s\n' "$*" >&2
    exit 1
}

# run ARGUMENT...: fills digest, files, bytes, errors, skipped
run() {
    local row
    "$tree" "$@" >"$work/out" 2>"$work/err" || fail "$* exits with $?"
    row=$(tail -n 1 "$work/out")
    read -r _ _ digest files bytes errors skipped _ <<<"$row"
}

# equal WHAT GOT EXPECTED
equal() {
    [ "$2" = "$3" ] || fail "$1: $2 instead of $3"
}

as_nobody() {
    setpriv --reuid 65534 --regid 65534 --clear-groups -- "$program" "$@"
}

make_tree() {
    local top=$1 deep=$1 i
    mkdir "$top" "$top/empty" "$top/many" "$top/ü, spaces and"$'\n'"newline"
    printf 'odd' >"$top/ü, spaces and"$'\n'"newline/ a"$'\n'"b "
    printf 'not utf-8' >"$top"/$'\xff\xfe'
    printf 'dash' >"$top/-rf"
    : >"$top/nothing"
    head -c 1000000 /dev/zero >"$top/larger than a read"
    ln "$top/-rf" "$top/many/hard link"
    ln -s missing "$top/dangling"
    ln -s . "$top/loop"
    mkfifo "$top/fifo"
    for i in $(seq 100); do
        printf '%s' "$i" >"$top/many/$i"
    done
    for i in $(seq 200); do
        deep=$deep/$i
    done
    mkdir -p "$deep"
    printf 'deep' >"$deep/file"
    for i in $(seq 60); do
        mkdir -p "$top/wide/$i"
        printf 'wide' >"$top/wide/$i/file"
    done
}

test_equal_for_any_number_of_workers() {
    local expected count size workers
    run --serial "$work/a"
    expected=$digest
    count=$(find "$work/a" -type f -printf x | wc -c)
    size=$(find "$work/a" -type f -printf '%s\n' |
        awk '{ sum += $1 } END { print sum }')
    for workers in serial 1 2 5; do
        case $workers in
        serial) run --serial "$work/a" ;;
        *) run --workers "$workers" "$work/a" ;;
        esac
        equal "digest, $workers" "$digest" "$expected"
        equal "files, $workers" "$files" "$count"
        equal "bytes, $workers" "$bytes" "$size"
        equal "errors, $workers" "$errors" 0
        equal "skipped, $workers" "$skipped" 3
        equal "stderr, $workers" "$(cat "$work/err")" ""
    done
    run --both "$work/a"
    equal "rows of --both" "$(grep -c "$expected" "$work/out")" 2
}

test_digest_is_the_described_one() {
    local reference
    command -v python3 >/dev/null || return 0
    reference=$(python3 -B "$here/tree_digest.py" "$work/a") || {
        [ $? -eq 77 ] && return 0
        fail "no reference"
    }
    run "$work/a"
    equal "digest, by its description" "$digest" "$reference"
}

test_same_tree_elsewhere_same_digest() {
    local expected
    run "$work/a"
    expected=$digest
    cp -a "$work/a" "$work/b"
    ln -s b "$work/link"
    run "$work/b"
    equal "a copy" "$digest" "$expected"
    run "$work/link"
    equal "by a link to it" "$digest" "$expected"
    run "$work/b///"
    equal "slashes at the end" "$digest" "$expected"
    cd "$work/b"
    run .
    cd "$OLDPWD"
    equal "as ." "$digest" "$expected"
}

test_each_change_shows() {
    local before
    run "$work/b"
    before=$digest
    printf 'odt' >"$work/b/ü, spaces and"$'\n'"newline/ a"$'\n'"b "
    run "$work/b"
    [ "$digest" != "$before" ] || fail "a changed byte is not seen"
    before=$digest
    mv "$work/b/many/1" "$work/b/wide/1/1"
    run "$work/b"
    [ "$digest" != "$before" ] || fail "a moved file is not seen"
    before=$digest
    mv "$work/b/many/2" "$work/b/many/x"
    mv "$work/b/many/3" "$work/b/many/2"
    mv "$work/b/many/x" "$work/b/many/3"
    run "$work/b"
    [ "$digest" != "$before" ] || fail "exchanged files are not seen"
    before=$digest
    rm "$work/b/nothing"
    run "$work/b"
    [ "$digest" != "$before" ] || fail "a missing empty file is not seen"
}

# Root reads everything, so root checks this as nobody.
test_unreadable_is_reported_and_not_fatal() {
    local expected arguments program=$tree
    mkdir "$work/c" "$work/c/closed"
    printf 'x' >"$work/c/readable"
    run "$work/c"
    expected=$digest
    printf 'y' >"$work/c/secret"$'\n'
    chmod 0 "$work/c/secret"$'\n' "$work/c/closed"
    if [ "$(id -u)" -eq 0 ]; then
        chmod a+rx "$work"
        tree=as_nobody
        as_nobody --workers 1 "$work/c" >/dev/null 2>&1 || {
            echo "tree.sh: nobody cannot run it: skipped unreadable files"
            tree=$program
            return 0
        }
    fi
    for arguments in "--workers 1" "--workers 2" --serial; do
        run $arguments "$work/c"
        equal "digest without them" "$digest" "$expected"
        equal "errors" "$errors" 2
        equal "files" "$files" 1
        equal "lines on stderr" "$(wc -l <"$work/err")" 2
        grep -q 'c/secret?: ' "$work/err" || fail "secret? is not reported"
        grep -q 'c/closed: ' "$work/err" || fail "closed is not reported"
    done
    tree=$program
}

# exits STATUS ARGUMENT...
exits() {
    local expected=$1 status=0
    shift
    "$tree" "$@" >"$work/out" 2>"$work/err" || status=$?
    equal "status of $*" "$status" "$expected"
    [ -s "$work/err" ] || fail "$*: nothing on stderr"
}

test_bad_command_lines() {
    local argument
    for argument in 0 -1 1025 x 2x '' 99999999999999999999; do
        exits 2 --workers "$argument" "$work/a"
    done
    exits 2 --workers
    exits 2 --nonsense
    exits 2 "$work/a" "$work/b"
    exits 2 ""
    exits 1 "$work/missing"
    exits 1 "$work/a/nothing"
}

# Has the process `$1` an endless file open?
is_reading() {
    find "/proc/$1/fd" -lname '*/zeros' 2>/dev/null | grep -q .
}

# Files of zeros that nobody can read to their ends in the time of a test: the
# signal is certain to come in the middle, however slow or fast the machine,
# and with fewer threads than files, some tasks have not begun.
test_interrupted() {
    local i pid status=0
    mkdir "$work/endless"
    for i in $(seq 100); do
        mkdir "$work/endless/$i"
        truncate -s 1T "$work/endless/$i/zeros" 2>/dev/null || return 0
    done
    "$tree" "$@" "$work/endless" >"$work/out" 2>"$work/err" &
    pid=$!
    until is_reading "$pid"; do
        kill -0 "$pid" || fail "ended before it began"
    done
    kill -INT "$pid"
    wait "$pid" || status=$?
    equal "status after SIGINT, $*" "$status" 130
    grep -q interrupted "$work/out" || fail "no report after SIGINT, $*"
    equal "stderr after SIGINT, $*" "$(cat "$work/err")" ""
    rm -r "$work/endless"
}

make_tree "$work/a"
test_equal_for_any_number_of_workers
test_digest_is_the_described_one
test_same_tree_elsewhere_same_digest
test_each_change_shows
test_unreadable_is_reported_and_not_fatal
test_bad_command_lines
test_interrupted --serial
test_interrupted --workers 1
test_interrupted --workers 5
echo "tree.sh: all is well"
