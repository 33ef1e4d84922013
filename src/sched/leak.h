/* SPDX-License-Identifier: MIT */
/* What has not been finished, or not been released: found by looking at all
 * objects of the slabs. */
#ifndef FL_SCHED_LEAK_H
#define FL_SCHED_LEAK_H

#include <filch/testing.h>

#include <stddef.h>

struct fl_home;

/* What was found. */
struct fl_leaks {
    struct filch_leak *found; /* the caller frees it */
    size_t count;
};

/* Any thread, while nobody makes, ends or releases such tasks. Those of a
 * home; NULL: of all that there are. 0, or -ENOMEM: nothing is found. */
int fl_leak_find(const struct fl_home *home, struct fl_leaks *leaks);

#endif
