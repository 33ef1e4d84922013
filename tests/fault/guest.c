/* SPDX-License-Identifier: MIT */
/* Tasks that an outside thread runs, and an executor for a block, with
 * faults. */
#include "scenario.h"

#include "task/region.h"

/* The stack of forks that an outside thread needs is not kept for the next one
 * here, so that it can be refused. Without memory it does not help, and a
 * worker runs the task. */
void help(arm_fault *arm)
{
    atomic_int runs = 0;
    struct gate gate;
    filch_executor *ex = open_quiet();
    gate_init(&gate);
    filch_future *held[] = {occupy(ex, &gate), occupy(ex, &gate)};
    filch_future *f = filch_submit(ex, bump, &runs);
    arm();
    int rc = filch_future_help(f);
    fault_pause();
    MUST(rc == 0 || rc == 1);
    MUST(atomic_load(&runs) == rc);
    gate_pass(&gate, 2);
    for (int i = 0; i < 2; i++)
        MUST(settle(held[i]) == 0);
    MUST(settle(f) == 0);
    MUST(atomic_load(&runs) == 1);
    check_and_close(ex);
    fl_region_forget_spares();
}

/* The queue is full: here, or not at all. */
void run_here(arm_fault *arm)
{
    atomic_int runs = 0;
    struct gate gate;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_RUN_HERE});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    arm();
    filch_future *f = filch_submit(ex, bump, &runs);
    int rc = settle(f);
    fault_pause();
    MUST(rc == 0 || is_lack(rc));
    MUST(atomic_load(&runs) == (rc == 0));
    gate_pass(&gate, 1);
    MUST(settle(held) == 0);
    MUST(settle(queued) == 0);
    check_and_close(ex);
    fl_region_forget_spares();
}

static void ignore(void *data, const struct filch_failure *failure)
{
    (void)data;
    (void)failure;
}

/* The block runs in any case. */
void with_block(arm_fault *arm)
{
    atomic_int runs = 0;
    int blocks = 0;
    arm();
    filch_with (ex, .workers = 1, .on_unobserved = ignore) {
        blocks++;
        int rc = settle(filch_submit(ex, bump, &runs));
        fault_pause();
        MUST(rc == 0 || is_lack(rc));
        MUST(atomic_load(&runs) == (rc == 0));
    }
    MUST(blocks == 1);
}
