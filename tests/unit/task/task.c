/* SPDX-License-Identifier: MIT */
/* The task layer: a task is claimed once, and what is final stays. */
#include "../../support/pool.h"

#include "platform/process.h"
#include "task/report.h"
#include "task/strand.h"
#include "task/task.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(behaviour, .timeout = 120);

static int n = 23;

/* A pending task of no executor, with one reference. */
static filch_future *make(filch_task *fn)
{
    static struct fl_home home;
    static struct fl_slab slab;
    if (!slab.arena) {
        fl_arena_init(&home.arena, NULL);
        home.generation = fl_process_generation();
        fl_slab_init(&slab, FL_BIG_TASK_BYTES, &home.arena, NULL);
    }
    struct fl_order order = {.fn = (filch_any_fn)fn,
        .site = "made\0task.c:1",
        .kind = FILCH_FN_TASK,
        .arg = &n};
    filch_future *task = fl_slab_alloc(&slab);
    MUST(task != NULL);
    fl_task_init(task, &order, 1);
    return task;
}

static void run(filch_future *task)
{
    struct fl_strand strand = {.region = fl_region_new()};
    struct fl_run now = {.worker = -1};
    MUST(strand.region != NULL);
    fl_strand_current = &strand;
    fl_strand_run(&strand, &now, task, false);
    fl_strand_current = NULL;
    fl_region_free(strand.region);
}

/* Nothing that can be done to it any more changes it. */
static void try_everything(filch_future *task)
{
    cr_assert_not(fl_task_claim(task));
    cr_assert_not(fl_task_cancel(task));
    cr_assert_not(fl_task_claim(task));
}

Test(behaviour, b041_the_first_value_stays)
{
    int value = 0;
    filch_future *task = make(echo);
    cr_assert(fl_task_claim(task));
    run(task);
    cr_assert_eq(filch_future_state(task), FILCH_DONE);
    n = 99;
    try_everything(task);
    cr_assert_eq(filch_future_state(task), FILCH_DONE);
    cr_assert_eq(
        filch_future_result(task, FILCH_POLL, &value, sizeof value), 0);
    cr_assert_eq(value, 23);
    fl_task_release(task);
}

Test(behaviour, b042_the_first_failure_stays)
{
    struct filch_failure why;
    filch_future *task = make(burn);
    cr_assert(fl_task_claim(task));
    run(task);
    try_everything(task);
    cr_assert_eq(filch_future_failure(task, FILCH_POLL, &why), -EIO);
    cr_assert_str_eq(why.message, "disk on fire");
    fl_task_release(task);
}

Test(behaviour, b042_failed_without_running)
{
    struct filch_failure why;
    filch_future *task = make(echo);
    cr_assert(fl_task_claim(task));
    fl_task_fail(task, FILCH_EBROKEN, NULL, false);
    try_everything(task);
    cr_assert_eq(filch_future_failure(task, FILCH_POLL, &why), FILCH_EBROKEN);
    cr_assert_str_eq(why.message, filch_strerror(FILCH_EBROKEN));
    fl_task_release(task);
}

Test(behaviour, b043_a_cancelled_task_is_not_completed)
{
    filch_future *task = make(echo);
    cr_assert(fl_task_cancel(task));
    try_everything(task);
    cr_assert_eq(filch_future_state(task), FILCH_CANCELLED);
    cr_assert_eq(filch_future_result(task, FILCH_POLL, NULL, 0), -ECANCELED);
    fl_task_release(task);
}

static int note_cancelled(filch_future *f, void *told)
{
    *(int *)told = filch_future_state(f) == FILCH_CANCELLED;
    return 0;
}

Test(behaviour, b045_a_task_is_claimed_once)
{
    filch_future *task = make(echo);
    cr_assert_eq(filch_future_state(task), FILCH_PENDING);
    cr_assert(fl_task_claim(task));
    cr_assert_eq(filch_future_state(task), FILCH_RUNNING);
    cr_assert_not(fl_task_claim(task));
    cr_assert_not(fl_task_cancel(task), "it runs");
    cr_assert_eq(filch_future_state(task), FILCH_RUNNING);
    run(task);
    fl_task_release(task);
}

Test(behaviour, b045_a_cancelled_task_tells_its_waiters)
{
    int told = 0;
    filch_future *task = make(echo);
    cr_assert_eq(filch_future_on_done(task, note_cancelled, &told), 0);
    cr_assert(fl_task_cancel(task));
    cr_assert_eq(told, 1);
    cr_assert_not(fl_task_claim(task));
    fl_task_release(task);
}

struct contest {
    filch_future *task;
    pthread_barrier_t start;
    atomic_int winners;
};

static void *contend(void *arg)
{
    struct contest *contest = arg;
    pthread_barrier_wait(&contest->start);
    if (fl_task_claim(contest->task)) {
        atomic_fetch_add(&contest->winners, 1);
        run(contest->task);
    }
    return NULL;
}

Test(behaviour, b045_one_of_four_claimers_wins)
{
    for (int round = 0; round < 200; round++) {
        struct contest contest = {.task = make(echo)};
        pthread_t threads[4];
        pthread_barrier_init(&contest.start, NULL, 4);
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, contend, &contest);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        cr_assert_eq(atomic_load(&contest.winners), 1);
        cr_assert_eq(filch_future_state(contest.task), FILCH_DONE);
        fl_task_release(contest.task);
        pthread_barrier_destroy(&contest.start);
    }
}
