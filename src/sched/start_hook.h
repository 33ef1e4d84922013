/* SPDX-License-Identifier: MIT */
/* What the user wants done in a worker before its first task and after its
 * last: on_start, on_stop. */
#ifndef FL_SCHED_START_HOOK_H
#define FL_SCHED_START_HOOK_H

#include "sched/pool.h"
#include "task/strand.h"

/* The strand's thread, with a run of the pool's. 0, or a negative code: the
 * pool is broken. */
int fl_start_hook_call(
    struct fl_pool *pool, struct fl_strand *strand, struct fl_run run);
/* The same, at the end. */
void fl_stop_hook_call(
    struct fl_pool *pool, struct fl_strand *strand, struct fl_run run);

#endif
