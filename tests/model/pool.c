/* SPDX-License-Identifier: MIT */
/* The whole pool: threads that start, look, park, are woken, and end. Every
 * task that is accepted ends, nobody sleeps beside work, nothing is left. */
#include "pool.h"

#include "platform/futex.h"
#include "sched/errand.h"

static void begin_bounded(void)
{
    begin_pool((struct filch_config){.workers = 1, .queue_limit = 1});
}

static void submit_wait_close(void)
{
    wait_for(submit(count, &runs), &runs);
    close_pool();
}

static void submit_twice_close(void)
{
    filch_future *a = submit(count, &runs);
    filch_future *b = submit(count, &runs_2);
    wait_for(a, &runs);
    wait_for(b, &runs_2);
    close_pool();
}

/* The handle goes at once; the last worker cleans up. */
static void submit_release_wait(void)
{
    filch_future *f = submit(count, &runs);
    fl_pool_release(pool);
    wait_for(f, &runs);
}

/* What is pending is run or cancelled, once. */
static void submit_cancel_close(void)
{
    filch_future *f = submit(count, &runs);
    MODEL_MUST(fl_pool_shutdown(pool, FILCH_CANCEL_PENDING, INT64_MAX) == 0);
    uint32_t phase = fl_task_phase(f);
    MODEL_MUST(
        phase == FL_DONE ? runs == 1 : phase == FL_CANCELLED && runs == 0);
    fl_task_release(f);
    fl_pool_release(pool);
}

/* An outside thread helps, while the other one lets the pool go. */
static filch_future *shared;

static void begin_shared(void)
{
    begin_one();
    shared = submit(count, &runs);
    fl_task_retain(shared);
}

static void help(void)
{
    (void)fl_pool_help(shared);
    MODEL_MUST(fl_task_wait(shared, INT64_MAX) == 0);
    MODEL_MUST(runs == 1);
    fl_task_release(shared);
}

static void release_and_wait(void)
{
    fl_pool_release(pool);
    MODEL_MUST(fl_task_wait(shared, INT64_MAX) == 0);
    fl_task_release(shared);
}

/* Two submitters; the last one closes. */
static void begin_two_submitters(void)
{
    begin_one();
    atomic_init(&submitters, 2);
}

static void submit_wait_first(void)
{
    wait_for(submit(count, &runs), &runs);
    leave();
}

static void submit_wait_second(void)
{
    wait_for(submit(count, &runs_2), &runs_2);
    leave();
}

/* Two tasks that end only if both run at the same time. */
static _Atomic uint32_t arrived;

static int meet(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    ++*(int *)arg;
    if (fetch_add_acq_rel(&arrived, 1) == 1)
        fl_futex_wake(&arrived, 2);
    while (load_acquire(&arrived) < 2)
        (void)fl_futex_wait(&arrived, 1, INT64_MAX);
    return 0;
}

static void meet_once(void)
{
    store_relaxed(&arrived, 0);
    runs = runs_2 = 0;
    filch_future *a = submit(meet, &runs);
    filch_future *b = submit(meet, &runs_2);
    wait_for(a, &runs);
    wait_for(b, &runs_2);
}

/* While workers have yet to be started, and one is between two tasks. */
static void submit_meeting(void)
{
    wait_for(submit(count, &runs), &runs);
    meet_once();
    close_pool();
}

/* Once all have been started. */
static void submit_two_meetings(void)
{
    meet_once();
    meet_once();
    close_pool();
}

/* A submit while the other one closes: refused, or run. */
static void submit_if_open(void)
{
    filch_future *f;
    int rc = try_submit(&f, count, &runs_2);
    MODEL_MUST(rc == 0 || rc == FILCH_ESHUTDOWN);
    if (rc == 0)
        wait_for(f, &runs_2);
    if (fetch_sub_acq_rel(&submitters, 1) == 1)
        fl_pool_release(pool);
}

static void close_beside(void)
{
    filch_future *f = submit(count, &runs);
    MODEL_MUST(fl_pool_shutdown(pool, FILCH_FINISH, INT64_MAX) == 0);
    wait_for(f, &runs);
    if (fetch_sub_acq_rel(&submitters, 1) == 1)
        fl_pool_release(pool);
}

/* Something for each worker: it is about to sleep, or was never started. */
static int count_here(filch_ctx *cx, void *arg)
{
    (void)cx;
    ++*(int *)arg;
    return 0;
}

static int send_errand(int *counter)
{
    struct fl_errand errand = {.fn = count_here, .arg = counter};
    return fl_errand_send(pool, &errand, INT64_MAX);
}

static void submit_errand_close(void)
{
    wait_for(submit(count, &runs), &runs);
    MODEL_MUST(send_errand(&runs_2) == 0);
    MODEL_MUST(runs_2 == 1);
    close_pool();
}

/* While the other one closes: refused, or done. */
static void send_if_open(void)
{
    int rc = send_errand(&runs_2);
    MODEL_MUST(rc == 0 || rc == FILCH_ESHUTDOWN);
    MODEL_MUST(runs_2 == (rc == 0));
    if (fetch_sub_acq_rel(&submitters, 1) == 1)
        fl_pool_release(pool);
}

static const struct model_scene scenes[] = {
    {.name = "pool/one",
        .begin = begin_one,
        .play = {submit_wait_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/release",
        .begin = begin_one,
        .play = {submit_release_wait},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/cancel",
        .begin = begin_one,
        .play = {submit_cancel_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/two_tasks",
        .begin = begin_one,
        .play = {submit_twice_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/room",
        .begin = begin_bounded,
        .play = {submit_twice_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/two_workers",
        .begin = begin_two,
        .play = {submit_twice_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/two_submitters",
        .begin = begin_two_submitters,
        .play = {submit_wait_first, submit_wait_second},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/guest",
        .begin = begin_shared,
        .play = {help, release_and_wait},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/meeting",
        .begin = begin_two,
        .play = {submit_meeting},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/two_meetings",
        .begin = begin_two,
        .play = {submit_two_meetings},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/close_beside",
        .begin = begin_two_submitters,
        .play = {close_beside, submit_if_open},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/errand",
        .begin = begin_one,
        .play = {submit_errand_close},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "pool/errand_beside",
        .begin = begin_two_submitters,
        .play = {close_beside, send_if_open},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
