/* SPDX-License-Identifier: MIT */
/*
 * Parking: a set of sleepers out of which a notifier claims one, and the
 * place where each sleeps.
 *
 * Sleeper: announce (enter the set), look again for a reason not to sleep,
 * then sleep until claimed; or retract.
 * Notifier: publish the reason, fence, claim one sleeper, wake it.
 * A sleeper that is out of the set has been claimed: the set is the truth,
 * the event count only the alarm. The argument is in README.md, [PARK-...].
 */
#ifndef FL_CONCURRENT_PARKING_H
#define FL_CONCURRENT_PARKING_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "concurrent/atomic.h"

/* The size of a set. */
enum { FL_PARKING_WORDS = 32, FL_PARKING_MOST = 64 * FL_PARKING_WORDS };

/* A set of sleepers. */
struct fl_parking {
    _Atomic uint64_t set[FL_PARKING_WORDS]; /* any thread, atomic */
};

/* Where one thread sleeps. */
struct fl_spot {
    uint32_t counter; /* a ck_ec32 */
};

/* Once, before anything else. */
void fl_spot_init(struct fl_spot *spot);

/* Sleeper. Wait-free. Enters the set; a full fence is to follow. */
void fl_parking_announce(struct fl_parking *parking, unsigned index);
/* Sleeper. Wait-free. True: left the set; false: claimed by a notifier. Also a
 * notifier that wants exactly this one. True: claimed. */
bool fl_parking_retract(struct fl_parking *parking, unsigned index);
/* Sleeper, after announce. Blocks until claimed. */
void fl_parking_sleep(
    struct fl_parking *parking, unsigned index, struct fl_spot *spot);

/* Notifier. Lock-free. Claims a sleeper out of the first `words` words: its
 * index, or -1. */
int fl_parking_claim(struct fl_parking *parking, unsigned words);
/* Notifier. Wakes the sleeper that it has claimed. */
void fl_spot_wake(struct fl_spot *spot);

/* Any thread. Wait-free. */
static inline bool fl_parking_is_empty(
    struct fl_parking *parking, unsigned words)
{
    for (unsigned i = 0; i < words; i++)
        /* acquire: with what a sleeper did before it left [PARK-claim] */
        if (load_acquire(&parking->set[i]))
            return false;
    return true;
}

#endif
