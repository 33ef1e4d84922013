/* SPDX-License-Identifier: MIT */
/*
 * How long it is worth to poll before going to sleep: a budget in time that
 * learns from what became of the last waits. A wait that ends soon is polled
 * for; after waits that do not, the budget goes down to nothing.
 */
#ifndef FL_CONCURRENT_SPIN_H
#define FL_CONCURRENT_SPIN_H

#include <stdbool.h>
#include <stdint.h>

struct fl_spin {
    int32_t budget_ns; /* owner only */
};

/* One wait. */
struct fl_spin_wait {
    struct fl_spin *spin;
    int64_t start;
    int64_t end;
    unsigned looks;
};

/* Starts a wait. */
void fl_spin_begin(struct fl_spin_wait *wait, struct fl_spin *spin);
/* Call between two looks: false when the budget is used up. */
bool fl_spin_once(struct fl_spin_wait *wait);
/* Starts a wait that goes to sleep at once. */
void fl_spin_begin_sleep(struct fl_spin_wait *wait, struct fl_spin *spin);
/* The wait is over and had to sleep: learns from how long it took. */
void fl_spin_end_sleep(struct fl_spin_wait *wait);

#endif
