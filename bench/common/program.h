/* SPDX-License-Identifier: MIT */
/* What the programs of all suites share: arguments, memory, the clock. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

/* Takes "--quick" out of the arguments; nonzero if it was there. */
int take_quick(int *argc, char **argv);

/* Zeroed memory, or abort(). */
void *must_alloc(size_t count, size_t size);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t now_ns(void);

#endif
