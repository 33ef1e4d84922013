/* SPDX-License-Identifier: MIT */
#include "concurrent/spin.h"

#include "concurrent/atomic.h"
#include "platform/clock.h"
#include "platform/thread.h"

/*
 * The longest poll is about what a sleep and a wake cost together. Looks are
 * some way apart: each takes the line from whoever is about to write it, and
 * one that comes a little later finds more. After a few, whoever else wants
 * this CPU may have it: perhaps it is the one that is waited for.
 */
enum { MOST_NS = 50000, LEAST_NS = 500, PAUSES = 4, IMPATIENT_LOOKS = 4 };

void fl_spin_begin(struct fl_spin_wait *wait, struct fl_spin *spin)
{
    wait->spin = spin;
    wait->start = fl_clock_now_ns();
    wait->end = wait->start + spin->budget_ns;
    wait->looks = 0;
}

bool fl_spin_once(struct fl_spin_wait *wait)
{
    if (wait->looks++ < IMPATIENT_LOOKS)
        for (int i = 0; i < PAUSES; i++)
            cpu_relax();
    else
        fl_thread_yield();
    return fl_clock_now_ns() < wait->end;
}

static int32_t clamp(int64_t ns)
{
    if (ns > MOST_NS)
        return MOST_NS;
    return ns < LEAST_NS ? 0 : (int32_t)ns;
}

void fl_spin_begin_sleep(struct fl_spin_wait *wait, struct fl_spin *spin)
{
    wait->spin = spin;
    wait->start = fl_clock_now_ns();
}

void fl_spin_end_sleep(struct fl_spin_wait *wait)
{
    struct fl_spin *spin = wait->spin;
    int64_t took = fl_clock_now_ns() - wait->start;
    if (took < 2 * MOST_NS) /* a longer poll would nearly have caught it */
        spin->budget_ns = clamp(spin->budget_ns + (int64_t)MOST_NS / 4);
    else
        spin->budget_ns = clamp(spin->budget_ns / 2);
}
