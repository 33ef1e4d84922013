/* SPDX-License-Identifier: MIT */
#include "sched/seat.h"

#include "sched/guest.h"
#include "sched/start_hook.h"

static uint64_t bit_of(int number)
{
    return UINT64_C(1) << number;
}

static int take_free(struct fl_pool *pool)
{
    uint64_t seats = load_relaxed(&pool->seats);
    while (~seats) {
        int number = __builtin_ctzll(~seats);
        /* acq_rel: pairs with the release in fl_seat_leave */
        if (cas_weak_acq_rel(&pool->seats, &seats, seats | bit_of(number)))
            return number;
    }
    return -1;
}

struct fl_seat fl_seat_take(struct fl_pool *pool)
{
    const struct fl_run *run = fl_strand_current->innermost;
    while (run && run->executor != pool->setup.executor)
        run = run->outer;
    if (run)
        return (struct fl_seat){.number = run->worker};
    int number = take_free(pool);
    return (struct fl_seat){.number = number, .is_taken = number >= 0};
}

int fl_seat_start(struct fl_pool *pool, struct fl_run run)
{
    if (load_relaxed(&pool->control) & FL_CONTROL_BROKEN)
        return FILCH_EBROKEN;
    if (run.worker < 0 ||
        load_relaxed(&pool->seats_started) & bit_of(run.worker))
        return 0;
    if (fl_start_hook_call(pool, fl_strand_current, run))
        return FILCH_EBROKEN;
    /* relaxed: those who stop it have seen our share of live go */
    fetch_or_relaxed(&pool->seats_started, bit_of(run.worker));
    return 0;
}

void fl_seat_leave(struct fl_pool *pool, struct fl_seat seat)
{
    if (seat.is_taken)
        /* release: pairs with the acquire in take_free */
        fetch_and_acq_rel(&pool->seats, ~bit_of(seat.number));
}

void fl_seat_stop_all(struct fl_pool *pool)
{
    struct fl_strand strand = {.region = pool->stop_region};
    /* Before the exchange: another one that finds nothing left to be stopped
     * waits until we are through. */
    fetch_add_relaxed(&pool->live, FL_LIVE_GUEST);
    /* acq_rel: pairs with itself: one of two stops a seat */
    uint64_t started = exchange_acq_rel(&pool->seats_started, 0);
    struct fl_strand *outer = fl_guest_enter(&strand, pool);
    for (int i = 0; i < FL_SEATS; i++)
        if (started & bit_of(i))
            fl_stop_hook_call(
                pool, fl_strand_current, fl_guest_run_in(pool, i));
    fl_strand_current = outer;
    fl_pool_drop_live(pool, FL_LIVE_GUEST);
}
