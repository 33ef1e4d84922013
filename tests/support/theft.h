/* SPDX-License-Identifier: MIT */
/*
 * Forks that another thread has for sure: the fork says that it has begun, and
 * the task that forked it waits for that before the join.
 */
#ifndef TESTS_THEFT_H
#define TESTS_THEFT_H

#include "feature.h"

#include "gate.h"

#include <stdbool.h>

struct theft {
    bool is_wanted; /* else nobody has a reason to steal */
    sem_t begun;
};

static inline void theft_init(struct theft *theft, bool is_wanted)
{
    theft->is_wanted = is_wanted;
    MUST(sem_init(&theft->begun, 0, 0) == 0);
}

/** In each fork, first. */
static inline void theft_begin(struct theft *theft)
{
    give(&theft->begun, 1);
}

/** After a fork. In the blocking section, others get it. */
static inline void theft_await(struct theft *theft)
{
    if (theft->is_wanted)
        filch_blocking {
            take(&theft->begun);
        }
}

#endif
