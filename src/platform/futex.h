/* SPDX-License-Identifier: MIT */
/*
 * Sleeping on a 32-bit word until somebody says that it changed.
 * Private to the process. Deadlines are absolute CLOCK_MONOTONIC ns.
 */
#ifndef FL_PLATFORM_FUTEX_H
#define FL_PLATFORM_FUTEX_H

#include <stdint.h>

/*
 * Any thread. Blocks while *word == expected, until woken or the deadline
 * (FILCH_FOREVER, INT64_MAX: none). May return early for no reason.
 * Returns 0, or -ETIMEDOUT.
 */
int fl_futex_wait(const void *word, uint32_t expected, int64_t deadline);

/*
 * Any thread. Wakes up to `count` waiters. Uses only the address: the word
 * may be gone already (a waiter elsewhere then wakes for no reason).
 */
void fl_futex_wake(const void *word, int count);

#endif
