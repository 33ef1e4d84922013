/* SPDX-License-Identifier: MIT */
/*
 * Included before all else when the library's own source is compiled with
 * delays: before each atomic access, wherever a memory order is named.
 */
#ifndef TESTS_DELAY_H
#define TESTS_DELAY_H

#define _GNU_SOURCE
#include <stdatomic.h>

/* Now and then: polls, yields, or sleeps. */
void delay_here(void);

#define memory_order_relaxed (delay_here(), __ATOMIC_RELAXED)
#define memory_order_acquire (delay_here(), __ATOMIC_ACQUIRE)
#define memory_order_release (delay_here(), __ATOMIC_RELEASE)
#define memory_order_acq_rel (delay_here(), __ATOMIC_ACQ_REL)
#define memory_order_seq_cst (delay_here(), __ATOMIC_SEQ_CST)

#endif
