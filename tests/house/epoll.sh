#!/bin/bash
# SPDX-License-Identifier: MIT
# Usage: epoll.sh EPOLL
# docs/examples/epoll.c answers many clients at once, and ends at SIGTERM.
set -eu
exec </dev/null
coproc server { exec "$1"; }
pid=$server_PID
trap 'kill -KILL "$pid" 2>/dev/null || true' EXIT
read -r port <&"${server[0]}"

fail() {
    printf 'epoll.sh: %s\n' "$*" >&2
    exit 1
}

# ask FD LINE EXPECTED
ask() {
    printf '%s\n' "$2" >&"$1"
    answered "$@"
}

answered() {
    local answer
    read -r answer <&"$1"
    [ "$answer" = "$3" ] || fail "$2: $answer instead of $3"
}

hello=a430d84680aabd0b # FNV-1a, 64 bits, of "hello"
nothing=cbf29ce484222325
fds=()
for _ in $(seq 50); do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    fds+=("$fd")
done
for fd in "${fds[@]}"; do
    ask "$fd" hello $hello
done
for fd in "${fds[@]}"; do # all at once
    printf 'hello\n' >&"$fd"
done
for fd in "${fds[@]}"; do
    answered "$fd" hello $hello
    ask "$fd" '' $nothing
done
printf 'hel' >&"${fds[0]}" # in two pieces
ask "${fds[1]}" hello $hello
ask "${fds[0]}" lo $hello
fd=${fds[2]}
printf 'hello\n' >&"$fd" # goes away without the answer
exec {fd}>&-
ask "${fds[3]}" hello $hello

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[ "$status" -eq 0 ] || fail "exit $status after SIGTERM"
