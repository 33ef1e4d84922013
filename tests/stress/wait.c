/* SPDX-License-Identifier: MIT */
/*
 * Several threads wait for the same futures with deadlines that pass about
 * when the tasks end, in all modes; what they are told fits the futures.
 */
#include "../support/pool.h"
#include "../support/stress.h"

enum { TASKS = 40, WAITS = 60 };

struct storm {
    filch_executor *ex;
    filch_future *fs[TASKS];
    pthread_barrier_t start;
};

/* A few microseconds of work; every fifth fails. */
static int work(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    int i = *(const int *)arg;
    int64_t end = filch_after(FILCH_US(i % 7 * 10));
    while (filch_now() < end)
        sched_yield();
    return i % 5 == 0 ? filch_failf(cx, -EIO, "number %d", i) : 0;
}

static void check_done(filch_future *const *done, int count)
{
    for (int i = 0; i < count; i++) {
        MUST(filch_future_state(done[i]) > FILCH_RUNNING);
        for (int j = 0; j < i; j++)
            MUST(done[i] != done[j]);
    }
}

static int has_failure(filch_future *const *done, int count)
{
    int failed = 0;
    for (int i = 0; i < count; i++)
        failed += filch_future_state(done[i]) == FILCH_FAILED;
    return failed;
}

static void wait_once(struct storm *storm, uint64_t *random)
{
    filch_future *done[TASKS] = {NULL};
    int first = draw(random, TASKS);
    int count = 1 + draw(random, TASKS - first);
    enum filch_wait_mode mode = (enum filch_wait_mode)draw(random, 3);
    int is_patient = draw(random, 8) == 0;
    int64_t deadline =
        is_patient ? FILCH_FOREVER : filch_after(FILCH_US(draw(random, 400)));
    int rc = filch_wait(storm->fs + first, (size_t)count, mode, deadline, done);
    MUST(rc >= 0 && rc <= count);
    check_done(done, rc);
    if (!is_patient)
        return;
    MUST(mode != FILCH_ALL || rc == count);
    MUST(mode != FILCH_FIRST || rc >= 1);
    MUST(mode != FILCH_FIRST_FAILURE || rc == count || has_failure(done, rc));
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    struct storm *storm = self->shared;
    pthread_barrier_wait(&storm->start);
    for (int i = 0; i < WAITS; i++)
        wait_once(storm, &self->random);
    return NULL;
}

static void play_round(int workers, uint64_t seed)
{
    struct storm storm = {.ex = open_pool(workers)};
    pthread_barrier_init(&storm.start, NULL, STRESS_THREADS);
    for (int i = 0; i < TASKS; i++)
        MUST(filch_submit_with(&storm.fs[i], storm.ex, work, &i,
                 &(struct filch_submit_options){.arg_bytes = sizeof i}) == 0);
    stress_run(drive, seed, &storm);
    for (int i = 0; i < TASKS; i++)
        MUST(settle(storm.fs[i]) == (i % 5 == 0 ? -EIO : 0));
    MUST(filch_executor_close(storm.ex) == 0);
    pthread_barrier_destroy(&storm.start);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 250 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
