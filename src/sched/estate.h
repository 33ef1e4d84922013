/* SPDX-License-Identifier: MIT */
/* An estate: all that outlives a pool while there are futures of it. */
#ifndef FL_SCHED_ESTATE_H
#define FL_SCHED_ESTATE_H

#include "sched/heap.h"
#include "sched/pool.h"

struct fl_estate {
    struct fl_home home;
    struct fl_estate *next; /* under the lock of the estates */
    unsigned heap_count;    /* that were ever used; 0 as long as the pool is
                               there, which knows */
    struct fl_heap heaps[];
};

/* NULL: no memory. To be freed, or enlisted: then its arena's last share does
 * that. */
struct fl_estate *fl_estate_new(
    const struct fl_pool_setup *setup, unsigned heap_count);
void fl_estate_enlist(struct fl_estate *estate);

/* Any thread. Calls fn, under the lock of the estates, with each that there
 * is. */
void fl_estate_each(void (*fn)(struct fl_estate *estate, void *arg), void *arg);

/* The only thread of a child of fork(). */
void fl_estate_forget_all(void);

#endif
