/* SPDX-License-Identifier: MIT */
#include "concurrent/lock.h"

#include "platform/futex.h"

enum { SPINS = 50 };

void fl_lock_take_slow(struct fl_lock *lock)
{
    for (int i = 0; i < SPINS; i++) {
        uint32_t word = FL_LOCK_FREE;
        cpu_relax();
        /* acquire: pairs with [LOCK-drop] */
        if (load_relaxed(&lock->word) == FL_LOCK_FREE &&
            cas_acquire(&lock->word, &word, FL_LOCK_HELD))
            return;
    }
    /* Taken as contended, since others may sleep that we know nothing of.
     * acquire: pairs with [LOCK-drop] */
    while (exchange_acquire(&lock->word, FL_LOCK_CONTENDED) != FL_LOCK_FREE)
        fl_futex_wait(&lock->word, FL_LOCK_CONTENDED, INT64_MAX);
}

void fl_lock_drop_slow(struct fl_lock *lock)
{
    fl_futex_wake(&lock->word, 1);
}
