/* SPDX-License-Identifier: MIT */
/*
 * The smallest task that forks: fib(n) has about as many forks as its result.
 */
#ifndef TESTS_FIB_H
#define TESTS_FIB_H

#include "feature.h"

#include <filch.h>

FILCH_TASK(long, fib, int, n)
{
    if (n < 2)
        return n;
    fib_fork(&cx, n - 1);
    long b = fib(cx, n - 2);
    return fib_join(&cx) + b;
}

#endif
