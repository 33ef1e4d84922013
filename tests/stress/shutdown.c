/* SPDX-License-Identifier: MIT */
/*
 * Three threads submit, singly, in batches and from tasks, while a fourth
 * shuts down with flags that get stronger. Each task has run, or is cancelled,
 * or was refused; and each argument is destroyed once.
 */
#include "../support/pool.h"
#include "../support/stress.h"

enum { EACH = 300 };

struct race {
    filch_executor *ex;
    pthread_barrier_t start;
    atomic_int ran;
    atomic_int submitted;
    atomic_int destroyed;
    atomic_int accounted; /* done, cancelled or refused, by its future */
    atomic_int done;
};

static void destroy(void *arg)
{
    atomic_fetch_add(&(*(struct race **)arg)->destroyed, 1);
}

static int run(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    atomic_fetch_add(&(*(struct race **)arg)->ran, 1);
    return 0;
}

static void account(struct race *race, filch_future *f)
{
    int rc = settle(f);
    MUST(rc == 0 || rc == -ECANCELED || rc == FILCH_ESHUTDOWN);
    atomic_fetch_add(&race->accounted, 1);
    atomic_fetch_add(&race->done, rc == 0);
}

static void submit_batch(struct race *race, filch_executor *ex, int count)
{
    filch_future *fs[8];
    struct race *args[8] = {race, race, race, race, race, race, race, race};
    struct filch_submit_options owned = {
        .arg_bytes = sizeof args[0], .arg_destroy = destroy};
    atomic_fetch_add(&race->submitted, count);
    (void)filch_submit_many(
        fs, ex, run, args, sizeof args[0], (size_t)count, &owned);
    for (int i = 0; i < count; i++)
        account(race, fs[i]);
}

static int submit_inside(filch_ctx *cx, void *race, void *result)
{
    (void)result;
    submit_batch(race, filch_ctx_executor(cx), 3);
    return 0;
}

static void *drive(void *arg)
{
    static const unsigned flags[] = {FILCH_FINISH, FILCH_CANCEL_PENDING,
        FILCH_CANCEL_PENDING | FILCH_STOP_RUNNING};
    struct stress_thread *self = arg;
    struct race *race = self->shared;
    pthread_barrier_wait(&race->start);
    if (self->number == 0) {
        int64_t later = filch_after(FILCH_US(draw(&self->random, 500)));
        while (filch_now() < later)
            sched_yield();
        for (int i = draw(&self->random, 3); i < 3; i++)
            (void)filch_executor_shutdown(race->ex, flags[i],
                filch_after(FILCH_US(draw(&self->random, 50))));
        return NULL;
    }
    for (int i = 0; i < EACH / 8; i++) {
        if (draw(&self->random, 3) == 0)
            (void)settle(filch_submit(race->ex, submit_inside, race));
        submit_batch(race, race->ex, 1 + draw(&self->random, 8));
    }
    return NULL;
}

static void play_round(int workers, int limit, uint64_t seed)
{
    struct race race = {.ex = open_with((struct filch_config){
                            .workers = workers, .queue_limit = (size_t)limit})};
    pthread_barrier_init(&race.start, NULL, STRESS_THREADS);
    stress_run(drive, seed, &race);
    MUST(filch_executor_close(race.ex) == 0);
    MUST(atomic_load(&race.accounted) == atomic_load(&race.submitted));
    MUST(atomic_load(&race.destroyed) == atomic_load(&race.submitted));
    MUST(atomic_load(&race.ran) == atomic_load(&race.done));
    pthread_barrier_destroy(&race.start);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 500 * s.scale; i++)
        play_round(1 + (int)(i % 4), i % 3 == 0 ? 2 : 0, s.seed + i);
    return 0;
}
