/* SPDX-License-Identifier: MIT */
/* Tasks whose time is to come: see README.md, "Later". */
#ifndef FL_SCHED_LATER_H
#define FL_SCHED_LATER_H

#include "concurrent/time.h"
#include "sched/pool.h"

/* The timers of such tasks: fire() queues them. */
extern const struct fl_timer_kind fl_later_kind
    __attribute__((visibility("hidden")));

/* Is the task of the order not to be queued yet? */
static inline bool fl_order_is_for_later(const struct fl_order *order)
{
    return order->options && order->options->not_before &&
           !fl_time_is_past(order->options->not_before);
}

/* Any thread. Has all that are still to come end, as fl_pool_discard() does;
 * from now on none is accepted. */
void fl_later_end(struct fl_pool *pool);

#endif
