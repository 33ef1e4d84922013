/* SPDX-License-Identifier: MIT */
/* Waits of tasks for one another. Each thread here runs one task; nobody sleeps
 * for ever, -EDEADLK is for circles only, and then for everybody in it. */
#include "model.h"

#include <filch/completion_queue.h>
#include <filch/future.h>

#include <errno.h>
#include <stdlib.h>

#include "sched/heap.h"
#include "task/report.h"
#include "task/strand.h"

enum { A, B, C, TASKS };

static struct estate {
    struct fl_home home;
    struct fl_heap heap;
} * estate;
static filch_future *tasks[TASKS];
static filch_completion_queue *cq;
static int was_destroyed;

static void destroy(struct fl_arena *arena)
{
    struct estate *gone = (struct estate *)(void *)arena;
    fl_slab_unmap(&gone->heap.small);
    free(gone);
    was_destroyed++;
}

/* With two references: its runner's, and one to wait with. */
static filch_future *make_pending(filch_task *fn)
{
    const struct fl_order order = {.fn = (filch_any_fn)fn,
        .site = "task\0wait.c:1",
        .kind = FILCH_FN_TASK};
    filch_future *task = fl_heap_alloc(&estate->heap, &order);
    fl_task_init(task, &order, 2);
    return task;
}

static void begin_with(filch_task *a, filch_task *b, filch_task *c)
{
    was_destroyed = 0;
    estate = aligned_alloc(FL_CACHE_LINE, sizeof *estate);
    estate->home = (struct fl_home){.generation = 1};
    fl_arena_init(&estate->home.arena, destroy);
    fl_heap_init(&estate->heap, &estate->home.arena);
    fl_slab_own(&estate->heap);
    tasks[A] = make_pending(a);
    tasks[B] = make_pending(b);
    tasks[C] = make_pending(c);
    fl_slab_own(NULL);
    fl_slab_close(&estate->heap.small);
    fl_arena_release(&estate->home.arena);
    cq = NULL;
}

/* Every task has ended well. */
static void end(void)
{
    filch_completion_queue_close(cq);
    for (int i = 0; i < TASKS; i++) {
        MODEL_MUST(filch_future_result(tasks[i], FILCH_POLL, NULL, 0) == 0);
        filch_future_release(tasks[i]);
    }
    MODEL_MUST(was_destroyed == 1);
}

static void run(int which)
{
    struct fl_strand strand = {
        .region = fl_region_new(), .pool_threads = TASKS};
    struct fl_run now = {0};
    MODEL_MUST(fl_task_claim(tasks[which]));
    fl_strand_current = &strand;
    fl_strand_run(&strand, &now, tasks[which], true);
    fl_strand_current = NULL;
    fl_region_free(strand.region);
}

static void run_a(void)
{
    run(A);
}
static void run_b(void)
{
    run(B);
}
static void run_c(void)
{
    run(C);
}

static int do_nothing(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return 0;
}

static int wait_for_a(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return filch_future_result(tasks[A], FILCH_FOREVER, NULL, 0);
}

static int wait_for_b_or_c(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return filch_wait(&tasks[B], 2, FILCH_FIRST, FILCH_FOREVER, NULL);
}

/* B waits for A, and A for B or C: no circle. */
static void begin_one_way_out(void)
{
    begin_with(wait_for_b_or_c, wait_for_a, do_nothing);
}

static int expect_circle_with_b(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    int rc = filch_future_result(tasks[B], FILCH_FOREVER, NULL, 0);
    MODEL_MUST(rc == -EDEADLK);
    return 0;
}

static int expect_circle_with_a(filch_ctx *cx, void *arg, void *result)
{
    MODEL_MUST(wait_for_a(cx, arg, result) == -EDEADLK);
    return 0;
}

static void begin_circle(void)
{
    begin_with(expect_circle_with_b, expect_circle_with_a, do_nothing);
    run_c();
}

static int wait_for_b(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return filch_future_result(tasks[B], FILCH_FOREVER, NULL, 0);
}

/* A waits for B, B for C: a chain. */
static int wait_for_c(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return filch_future_result(tasks[C], FILCH_FOREVER, NULL, 0);
}

static void begin_chain(void)
{
    begin_with(wait_for_b, wait_for_c, do_nothing);
}

/* Takes two from the queue. */
static int take_two(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    for (int i = 0; i < 2; i++) {
        filch_future *f = NULL;
        int rc = filch_completion_queue_next(cq, FILCH_FOREVER, &f, NULL);
        MODEL_MUST(rc == 1 && filch_future_state(f) == FILCH_DONE);
        filch_future_release(f);
    }
    MODEL_MUST(filch_completion_queue_pending(cq) == 0);
    return 0;
}

static void open_queue_of(int first, int last)
{
    MODEL_MUST(filch_completion_queue_open(&cq) == 0);
    for (int i = first; i <= last; i++)
        MODEL_MUST(filch_completion_queue_add(cq, tasks[i], NULL) == 0);
}

static void begin_queue(void)
{
    begin_with(take_two, do_nothing, do_nothing);
    open_queue_of(B, C);
}

/* The same by a thread without a task. */
static void take_two_outside(void)
{
    (void)take_two(NULL, NULL, NULL);
}

static void begin_queue_outside(void)
{
    begin_queue();
    tasks[A]->todo.fn = (filch_any_fn)do_nothing;
    run_a();
}

/* One has ended before it was added. */
static void begin_queue_polled(void)
{
    begin_with(do_nothing, do_nothing, do_nothing);
    run_a();
    run_b();
    open_queue_of(B, C);
}

/* Takes what is there whenever the descriptor is readable. */
static void poll_and_take_two(void)
{
    int taken = 0;
    MODEL_MUST(filch_completion_queue_fd(cq) >= 0);
    while (taken < 2) {
        filch_future *f = NULL;
        model_poll_event();
        while (filch_completion_queue_next(cq, FILCH_POLL, &f, NULL) == 1) {
            filch_future_release(f);
            taken++;
        }
    }
}

/* Two take, but there is only one: the other one is told that it was all. */
static _Atomic int takers, taken;

static void take_or_nothing(void)
{
    int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
    MODEL_MUST(rc == 0 || rc == 1);
    fetch_add_relaxed(&taken, rc);
    if (fetch_sub_acq_rel(&takers, 1) == 1)
        MODEL_MUST(load_relaxed(&taken) == 1);
}

/* Closed while they end. */
static void close_queue(void)
{
    filch_completion_queue_close(cq);
    cq = NULL;
    run_a();
}

static void begin_two_takers(void)
{
    begin_with(do_nothing, do_nothing, do_nothing);
    open_queue_of(B, B);
    run_a();
    run_c();
    atomic_init(&takers, 2);
    atomic_init(&taken, 0);
}

static void begin_queue_closed(void)
{
    begin_with(do_nothing, do_nothing, do_nothing);
    open_queue_of(B, C);
}

/* A waits in the queue for B. C comes into it before B waits for A: no circle.
 */
static int take_one(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    filch_future *f = NULL;
    MODEL_MUST(filch_completion_queue_next(cq, FILCH_FOREVER, &f, NULL) == 1);
    MODEL_MUST(f == tasks[C]);
    filch_future_release(f);
    return 0;
}

static void add_c_then_run_b(void)
{
    MODEL_MUST(filch_completion_queue_add(cq, tasks[C], NULL) == 0);
    run_b();
}

static void begin_added_late(void)
{
    begin_with(take_one, wait_for_a, do_nothing);
    open_queue_of(B, B);
}

static const struct model_scene scenes[] = {
    {.name = "wait/circle",
        .begin = begin_circle,
        .play = {run_a, run_b},
        .end = end,
        .preemptions = 2,
        .stale = 1},
    {.name = "wait/chain",
        .begin = begin_chain,
        .play = {run_a, run_b, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/queue",
        .begin = begin_queue,
        .play = {run_a, run_b, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/queue_outside",
        .begin = begin_queue_outside,
        .play = {take_two_outside, run_b, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/queue_polled",
        .begin = begin_queue_polled,
        .play = {poll_and_take_two, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/queue_two_takers",
        .begin = begin_two_takers,
        .play = {take_or_nothing, take_or_nothing, run_b},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/queue_closed",
        .begin = begin_queue_closed,
        .play = {close_queue, run_b, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/added_late",
        .begin = begin_added_late,
        .play = {run_a, add_c_then_run_b, run_c},
        .end = end,
        .preemptions = 1,
        .stale = 1},
    {.name = "wait/one_way_out",
        .begin = begin_one_way_out,
        .play = {run_a, run_b, run_c},
        .end = end,
        .preemptions = 2,
        .stale = 1},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
