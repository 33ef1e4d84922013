/* SPDX-License-Identifier: MIT */
/*
 * A mutual exclusion lock in one word: a short spin, then a futex.
 * Two atomic operations when nobody else wants it.
 * Source: Drepper, "Futexes are tricky" (2011), mutex 3.
 */
#ifndef FL_CONCURRENT_LOCK_H
#define FL_CONCURRENT_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "concurrent/atomic.h"

/* Its word. CONTENDED: held, and somebody may sleep on it. */
enum { FL_LOCK_FREE, FL_LOCK_HELD, FL_LOCK_CONTENDED };

struct fl_lock {
    _Atomic uint32_t word; /* any thread, atomic */
};

/* The rest of take and of drop: somebody else wants it, too. */
void fl_lock_take_slow(struct fl_lock *lock);
void fl_lock_drop_slow(struct fl_lock *lock);

/* Any thread, signal handlers too. Does not block. True: it is taken. */
static inline bool fl_lock_try(struct fl_lock *lock)
{
    uint32_t word = FL_LOCK_FREE;
    /* acquire: pairs with [LOCK-drop] */
    return cas_acquire(&lock->word, &word, FL_LOCK_HELD);
}

/* Any thread that does not hold it. May block. */
static inline void fl_lock_take(struct fl_lock *lock)
{
    if (!fl_lock_try(lock))
        fl_lock_take_slow(lock);
}

/* The holder. Never blocks. The word is not touched after the exchange, so
 * that whoever takes it next may free it. */
static inline void fl_lock_drop(struct fl_lock *lock)
{
    /* [LOCK-drop] release: what the holder did is seen by the next. */
    if (exchange_release(&lock->word, FL_LOCK_FREE) == FL_LOCK_CONTENDED)
        fl_lock_drop_slow(lock);
}

#endif
