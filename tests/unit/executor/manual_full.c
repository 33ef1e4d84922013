/* SPDX-License-Identifier: MIT */
/* A manual executor that is full, by each policy; and what an inline one does,
 * which always is. */
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(manual_full, .timeout = 120);

/* Two tasks wait, and there is room for no more. */
static filch_executor *open_full(enum filch_when_full policy, atomic_int *runs)
{
    filch_executor *ex = open_with((struct filch_config){
        .backend = FILCH_MANUAL, .queue_limit = 2, .when_full = policy});
    for (int i = 0; i < 2; i++)
        filch_future_release(filch_submit(ex, bump, runs));
    MUST(filch_executor_pending(ex) == 2);
    return ex;
}

Test(manual_full, block_steps_until_there_is_room)
{
    atomic_int runs = 0, last = 0;
    filch_executor *ex = open_full(FILCH_BLOCK, &runs);
    filch_future *f = filch_submit(ex, bump, &last);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(filch_future_state(f), FILCH_PENDING);
    cr_assert_eq(filch_step_all(ex), 2);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual_full, many_that_block)
{
    filch_future *fs[20];
    atomic_int runs = 0;
    filch_executor *ex = open_full(FILCH_BLOCK, &runs);
    cr_assert_eq(filch_submit_many(fs, ex, bump, &runs, 0, 20, NULL), 0);
    cr_assert_eq(atomic_load(&runs), 20);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(atomic_load(&runs), 22);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual_full, reject)
{
    atomic_int runs = 0;
    filch_executor *ex = open_full(FILCH_REJECT, &runs);
    cr_assert_eq(settle(filch_submit(ex, bump, &runs)), -EAGAIN);
    cr_assert_eq(filch_step(ex), 1);
    filch_future *f = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_future_state(f), FILCH_PENDING);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&runs), 3);
}

Test(manual_full, run_here)
{
    atomic_int runs = 0, here = 0;
    filch_executor *ex = open_full(FILCH_RUN_HERE, &runs);
    filch_future *f = filch_submit(ex, bump, &here);
    cr_assert_eq(atomic_load(&here), 1);
    cr_assert_eq(atomic_load(&runs), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual_full, drop_oldest)
{
    atomic_int runs = 0;
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_MANUAL,
            .queue_limit = 1,
            .when_full = FILCH_DROP_OLDEST});
    filch_future *f = filch_submit(ex, bump, &runs);
    filch_future *g = filch_submit(ex, bump, &runs);
    cr_assert_eq(settle(f), FILCH_EDROPPED);
    cr_assert_eq(filch_step_all(ex), 1);
    cr_assert_eq(settle(g), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int submit_more(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    for (int i = 0; i < 5; i++)
        filch_future_release(filch_submit(filch_ctx_executor(cx), bump, arg));
    return atomic_load((atomic_int *)arg) == 0 ? 0 : -EPROTO;
}

Test(manual_full, a_submit_in_a_task_only_queues)
{
    atomic_int runs = 0;
    filch_executor *ex = open_with(
        (struct filch_config){.backend = FILCH_MANUAL, .queue_limit = 1});
    cr_assert_eq(settle(filch_submit(ex, submit_more, &runs)), 0);
    cr_assert_eq(filch_executor_pending(ex), 5);
    cr_assert_eq(filch_step_all(ex), 5);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int nest(filch_ctx *cx, void *arg, void *result)
{
    int depth = *(int *)arg - 1;
    (void)result;
    if (depth == 0)
        return 0;
    filch_future *f = filch_submit(filch_ctx_executor(cx), nest, &depth);
    MUST(filch_future_state(f) == FILCH_DONE);
    MUST(filch_ctx_worker(cx) == 0);
    return settle(f);
}

Test(manual_full, inline_runs_before_the_submit_returns)
{
    filch_future *fs[3];
    atomic_int runs = 0;
    int depth = 100;
    filch_executor *ex = open_with((struct filch_config){
        .backend = FILCH_INLINE, .queue_limit = 7, .when_full = FILCH_REJECT});
    filch_future *f = filch_submit(ex, bump, &runs);
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_submit_many(fs, ex, bump, &runs, 0, 3, NULL), 0);
    cr_assert_eq(atomic_load(&runs), 4);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(settle(filch_submit(ex, nest, &depth)), 0);
    cr_assert_eq(filch_executor_pending(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
