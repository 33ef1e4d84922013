/* SPDX-License-Identifier: MIT */
/* Failures that nobody will read otherwise, and where they are told. */
#ifndef FL_TASK_REPORT_H
#define FL_TASK_REPORT_H

#include <filch/base.h>

#include "concurrent/slab.h"
#include "task/timer.h"

struct fl_pool;

/* An executor's arena, and whom to tell. Lives as long as its futures. */
struct fl_home {
    struct fl_arena arena;
    void (*on_unobserved)(void *data, const struct filch_failure *failure);
    void *data;
    uint32_t generation;  /* immutable: fl_process_generation() at the start */
    struct fl_pool *pool; /* immutable; alive while a task is pending */
    struct fl_timers timers;              /* of its tasks */
    const struct fl_timer_kind *due_kind; /* immutable: queues a task */
};

/* Any thread. Tells `home`'s hook, or standard error if there is none
 * (home NULL: no executor). */
void fl_report(const struct fl_home *home, const struct filch_failure *what);

/* Any thread with a reference. The home of a task; NULL: none. */
const struct fl_home *fl_report_home(const filch_future *task);

#endif
