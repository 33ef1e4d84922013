/* SPDX-License-Identifier: MIT */
/* A pool in trouble: threads that cannot be started, a start hook that fails, a
 * shutdown beside a submitter that is blocked. Nobody sleeps for ever. */
#include "pool.h"

#include <errno.h>

#include "platform/futex.h"
#include "sched/errand.h"

/* Two players. Once both are past what the scene is about, it is calm. */
static _Atomic int busy_players;

static void begin_players(void)
{
    atomic_init(&submitters, 2);
    atomic_init(&busy_players, 2);
}

static void calm_down(void)
{
    if (fetch_sub_relaxed(&busy_players, 1) == 1)
        model_calm(true);
}

/* How the task ended: it has been released. */
static uint32_t phase_of(filch_future *f, int *code)
{
    MODEL_MUST(fl_await(f, INT64_MAX) == 0);
    uint32_t phase = fl_task_phase(f);
    *code = phase == FL_FAILED ? f->failure.code : 0;
    fl_task_release(f);
    return phase;
}

/* Not one thread: what is queued fails. */
static void begin_without_threads(void)
{
    begin_one();
    begin_players();
    model_refuse_threads();
}

static void submit_in_vain(void)
{
    int code;
    filch_future *f = submit(count, &runs);
    calm_down();
    MODEL_MUST(phase_of(f, &code) == FL_FAILED);
    MODEL_MUST(code == -EAGAIN && runs == 0);
    leave();
}

/* A worker is busy until the gate is open. */
static _Atomic uint32_t is_open;
static filch_future *busy;

static int wait_at_gate(filch_ctx *cx, void *arg, void *result)
{
    model_calm(false);
    while (!load_acquire(&is_open))
        (void)fl_futex_wait(&is_open, 0, INT64_MAX);
    return count(cx, arg, result);
}

static void open_gate(void)
{
    store_release(&is_open, 1);
    fl_futex_wake(&is_open, 1);
}

static void begin_busy(void)
{
    store_relaxed(&is_open, 0);
    begin_players();
    model_calm(true);
    busy = submit(wait_at_gate, &runs);
}

/* One thread, that is all. It is busy while the first submitter tries to start
 * another one, and may be asleep when the second one relies on that. */
static int runs_3;

static void begin_with_one_thread(void)
{
    runs_3 = 0;
    begin_two();
    begin_busy();
    model_refuse_threads();
}

static void submit_beside_busy(void)
{
    filch_future *f = submit(count, &runs_2);
    calm_down();
    wait_for(f, &runs_2);
    leave();
}

static void submit_after_that(void)
{
    open_gate();
    wait_for(busy, &runs);
    filch_future *f = submit(count, &runs_3);
    calm_down();
    wait_for(f, &runs_3);
    leave();
}

/* The same, and it is an errand that tries. */
static int do_nothing(filch_ctx *cx, void *arg)
{
    (void)cx;
    (void)arg;
    return 0;
}

static void begin_errand(void)
{
    begin_two();
    begin_players();
    model_calm(true);
    busy = submit(count, &runs);
    model_refuse_threads();
}

static void send_in_vain(void)
{
    struct fl_errand errand = {.fn = do_nothing};
    wait_for(busy, &runs);
    model_calm(false);
    MODEL_MUST(fl_errand_send(pool, &errand, INT64_MAX) == -EAGAIN);
    calm_down();
    leave();
}

static void submit_beside_errand(void)
{
    filch_future *f = submit(count, &runs_2);
    calm_down();
    wait_for(f, &runs_2);
    leave();
}

/* The start hook fails: what is queued fails, what comes later is refused. */
static int fail_to_start(filch_ctx *cx, void *data)
{
    (void)cx;
    (void)data;
    model_calm(false);
    return -EIO;
}

static void begin_with_hook(void)
{
    begin_pool((struct filch_config){.workers = 1, .on_start = fail_to_start});
    begin_players();
    model_calm(true);
}

static void submit_to_broken(void)
{
    filch_future *f;
    int code = try_submit(&f, count, &runs);
    calm_down();
    if (!code)
        MODEL_MUST(phase_of(f, &code) == FL_FAILED);
    MODEL_MUST(code == FILCH_EBROKEN && runs == 0);
    leave();
}

/* No room for the second one, while the worker is busy. */
static void begin_full(void)
{
    begin_pool((struct filch_config){.workers = 1, .queue_limit = 1});
    begin_busy();
}

static void submit_until_refused(void)
{
    filch_future *f;
    int code, rc = try_submit(&f, count, &runs_2);
    bool is_queued = !rc;
    if (is_queued) {
        filch_future *other;
        rc = try_submit(&other, count, &runs_2);
    }
    MODEL_MUST(rc == FILCH_ESHUTDOWN);
    model_calm(true);
    open_gate();
    if (is_queued)
        MODEL_MUST(phase_of(f, &code) == FL_DONE);
    MODEL_MUST(runs_2 == is_queued);
    leave();
}

static void close_beside_full(void)
{
    MODEL_MUST(fl_pool_shutdown(pool, FILCH_FINISH, INT64_MAX) == 0);
    wait_for(busy, &runs);
    leave();
}

static const struct model_scene scenes[] = {
    {.name = "trouble/no_thread",
        .begin = begin_without_threads,
        .play = {submit_in_vain, submit_in_vain},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "trouble/one_thread",
        .begin = begin_with_one_thread,
        .play = {submit_beside_busy, submit_after_that},
        .end = end,
        .preemptions = 1,
        .is_newest = true},
    {.name = "trouble/errand",
        .begin = begin_errand,
        .play = {send_in_vain, submit_beside_errand},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "trouble/start_hook",
        .begin = begin_with_hook,
        .play = {submit_to_broken, submit_to_broken},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "trouble/full",
        .begin = begin_full,
        .play = {submit_until_refused, close_beside_full},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
