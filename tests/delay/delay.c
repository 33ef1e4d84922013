/* SPDX-License-Identifier: MIT */
/*
 * A thread is delayed where it hurts: between a look and what follows from it.
 * Seldom for long, so that others do much meanwhile; more often for a moment.
 */
#include "../support/feature.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

enum { POLLS_MOST = 256, SLEEP_MOST_NS = 200000 };

void delay_here(void);

static uint64_t seed_of_thread(void)
{
    static atomic_uint threads;
    const char *text = getenv("FILCH_STRESS_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
    return seed * UINT64_C(0x9E3779B97F4A7C15) + atomic_fetch_add(&threads, 1) +
           1;
}

static uint64_t next(void)
{
    static _Thread_local uint64_t x;
    if (!x)
        x = seed_of_thread();
    x ^= x << 13; /* Marsaglia, "Xorshift RNGs" (2003) */
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void sleep_ns(long ns)
{
    struct timespec time = {.tv_nsec = ns};
    nanosleep(&time, NULL);
}

static void poll_for(uint64_t times)
{
    static atomic_uint something;
    while (times-- > 0)
        (void)atomic_load(&something);
}

void delay_here(void)
{
    uint64_t x = next();
    if (x % 16)
        return;
    x >>= 8;
    if (x % 64 == 0)
        sleep_ns((long)(x / 64 % SLEEP_MOST_NS));
    else if (x % 4 == 0)
        sched_yield();
    else
        poll_for(x / 4 % POLLS_MOST);
}
