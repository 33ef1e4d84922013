/* SPDX-License-Identifier: MIT */
#include "concurrent/spin.h"

#include "concurrent/atomic.h"
#include "platform/clock.h"

/* The longest poll is about what a sleep and a wake cost together. */
enum { MOST_NS = 50000, LEAST_NS = 500, POLLS_PER_LOOK = 8 };

void fl_spin_begin(struct fl_spin_wait *wait, struct fl_spin *spin)
{
    wait->spin = spin;
    wait->start = 0;
    wait->polls = 0;
}

bool fl_spin_once(struct fl_spin_wait *wait)
{
    cpu_relax();
    if (++wait->polls % POLLS_PER_LOOK)
        return true;
    int64_t now = fl_clock_now_ns();
    if (!wait->start) {
        wait->start = now;
        wait->end = now + wait->spin->budget_ns;
    }
    return now < wait->end;
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
