#!/bin/sh
# SPDX-License-Identifier: MIT
# Usage: hello.sh HELLO ROOT
# docs/examples/hello.c is README.md's first program, and works.
set -eu
cd "$2"
readme=$(awk '/^```c$/ { inside = 1; next } /^```$/ && inside { exit } inside' \
    README.md)
example=$(tail -n +2 docs/examples/hello.c)
[ "$readme" = "$example" ] || {
    echo "docs/examples/hello.c is not the program in README.md"
    exit 1
}
"$1"
