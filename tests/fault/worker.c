/* SPDX-License-Identifier: MIT */
/* What belongs to a worker, and what is done once, with faults. */
#include "scenario.h"

static int count(filch_ctx *cx, void *calls)
{
    (void)cx;
    atomic_fetch_add((atomic_int *)calls, 1);
    return 0;
}

/* Called in each, or in none. */
void each_worker(arm_fault *arm)
{
    atomic_int calls = 0, runs = 0;
    filch_executor *ex = open_quiet();
    arm();
    filch_future *f = filch_submit(ex, bump, &runs);
    int rc = filch_for_each_worker(ex, count, &calls, FILCH_FOREVER);
    int submitted = settle(f);
    fault_pause();
    MUST(rc == 0 ? atomic_load(&calls) >= 2
                 : is_lack(rc) && atomic_load(&calls) == 0);
    MUST(submitted == 0 ? atomic_load(&runs) == 1 : is_lack(submitted));
    check_and_close(ex);
}

/* A value that begins as it should, or none. */
void local(arm_fault *arm)
{
    int seven = 7;
    filch_local *values;
    filch_executor *ex = open_quiet();
    arm();
    int rc = filch_local_open(&values, ex, sizeof seven, &seven);
    int *value = rc ? NULL : filch_local_get(values);
    fault_pause();
    MUST(rc == 0 || (rc == -ENOMEM && !values));
    MUST(!value || *value == 7);
    filch_local_close(values);
    check_and_close(ex);
}

/* Done, or to be done by the next one. */
void once(arm_fault *arm)
{
    struct filch_once_flag flag = {0};
    atomic_int calls = 0;
    filch_executor *ex = open_quiet();
    arm();
    int rc = filch_once(&flag, ex, count, &calls);
    fault_pause();
    MUST(rc == 0 || is_lack(rc));
    MUST(atomic_load(&calls) == (rc == 0));
    rc = filch_once(&flag, ex, count, &calls);
    MUST(rc == 0 ? atomic_load(&calls) == 1 : rc == FILCH_EBROKEN);
    check_and_close(ex);
}
