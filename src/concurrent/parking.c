/* SPDX-License-Identifier: MIT */
#include "concurrent/parking.h"

#include <stddef.h>
#include <time.h>

#include <ck_ec.h> /* needs struct timespec */

#include "platform/clock.h"
#include "platform/futex.h"

_Static_assert(sizeof(struct fl_spot) == sizeof(struct ck_ec32),
    "a spot is an event count");

static int gettime(const struct ck_ec_ops *ops, struct timespec *out)
{
    int64_t now = fl_clock_now_ns();
    (void)ops;
    out->tv_sec = (time_t)(now / 1000000000);
    out->tv_nsec = (long)(now % 1000000000);
    return 0;
}

static void wait32(const struct ck_ec_wait_state *state, const uint32_t *word,
    uint32_t expected, const struct timespec *deadline)
{
    (void)state;
    (void)deadline; /* see untimed() */
    (void)fl_futex_wait(word, expected, INT64_MAX);
}

static void wake32(const struct ck_ec_ops *ops, const uint32_t *word)
{
    (void)ops;
    fl_futex_wake(word, 1); /* one thread sleeps in a spot */
}

static const struct ck_ec_ops ops = {.gettime = gettime,
    .wait32 = wait32,
    .wake32 = wake32,
    .busy_loop_iter = 1,
    .initial_wait_ns = 1000000000};
static const struct ck_ec_mode mode = {.ops = &ops, .single_producer = false};

/* The event count sleeps in steps, for the sake of a mode that is not used
 * here; the futex call above leaves the timeout out. */
static int untimed(
    const struct ck_ec_wait_state *state, struct timespec *deadline)
{
    (void)state;
    (void)deadline;
    return 0;
}

static struct ck_ec32 *count_of(struct fl_spot *spot)
{
    return (struct ck_ec32 *)(void *)spot;
}

void fl_spot_init(struct fl_spot *spot)
{
    ck_ec32_init(count_of(spot), 0);
}

static uint64_t bit_of(unsigned index)
{
    return (uint64_t)1 << index % 64;
}

void fl_parking_announce(struct fl_parking *parking, unsigned index)
{
    fetch_or_relaxed(&parking->set[index / 64], bit_of(index));
}

bool fl_parking_retract(struct fl_parking *parking, unsigned index)
{
    /* acquire: pairs with the claim, if there was one [PARK-claim] */
    uint64_t old = fetch_and_acq_rel(&parking->set[index / 64], ~bit_of(index));
    return old & bit_of(index);
}

static bool is_announced(struct fl_parking *parking, unsigned index)
{
    /* acquire: pairs with the claim [PARK-claim] */
    return load_acquire(&parking->set[index / 64]) & bit_of(index);
}

void fl_parking_sleep(
    struct fl_parking *parking, unsigned index, struct fl_spot *spot)
{
    for (;;) {
        /* Before the set is read: a claim after that changes it. */
        uint32_t value = ck_ec32_value(count_of(spot));
        if (!is_announced(parking, index))
            return;
        (void)ck_ec32_wait_pred(
            count_of(spot), &mode, value, untimed, NULL, NULL);
    }
}

int fl_parking_claim(struct fl_parking *parking, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        uint64_t set = load_relaxed(&parking->set[i]);
        while (set) {
            uint64_t bit = set & (~set + 1);
            /* [PARK-claim] acq_rel: the claimed one sees what the notifier
             * did, and the notifier what it did before it announced */
            uint64_t old = fetch_and_acq_rel(&parking->set[i], ~bit);
            if (old & bit)
                return (int)(64 * i) + __builtin_ctzll(bit);
            set = old & ~bit;
        }
    }
    return -1;
}

void fl_spot_wake(struct fl_spot *spot)
{
    ck_ec32_inc(count_of(spot), &mode);
}
