/* SPDX-License-Identifier: MIT */
/*
 * One completion queue, two threads that submit and add, two that take; some
 * futures are cancelled on the way. Each comes out exactly once.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <poll.h>

enum { EACH = 400, TOTAL = EACH * STRESS_THREADS / 2 };

struct traffic {
    filch_executor *ex;
    filch_completion_queue *cq;
    atomic_int added;
    atomic_int taken;
    atomic_int ran;
    atomic_int cancelled;
    atomic_int seen[TOTAL];
};

static void produce(struct traffic *t, uint64_t *random)
{
    for (int i = 0; i < EACH; i++) {
        filch_future *f = filch_submit(t->ex, bump, &t->ran);
        int place = atomic_fetch_add(&t->added, 1);
        if (draw(random, 3) == 0)
            (void)filch_future_cancel(f);
        MUST(filch_completion_queue_add(t->cq, f, &t->seen[place]) == 0);
        if (draw(random, 3) == 0)
            (void)filch_future_cancel(f);
        filch_future_release(f);
    }
}

static int take_one(struct traffic *t, int64_t deadline)
{
    filch_future *f = NULL;
    void *seen = NULL;
    int rc = filch_completion_queue_next(t->cq, deadline, &f, &seen);
    MUST(rc == 1 || rc == 0 || rc == -ETIMEDOUT);
    if (rc != 1)
        return 0;
    MUST(atomic_fetch_add((atomic_int *)seen, 1) == 0);
    MUST(filch_future_state(f) > FILCH_RUNNING);
    atomic_fetch_add(&t->cancelled, filch_future_state(f) == FILCH_CANCELLED);
    filch_future_release(f);
    atomic_fetch_add(&t->taken, 1);
    return 1;
}

/* Waits in the queue, or with poll() on its descriptor. */
static void consume(struct traffic *t, uint64_t *random, int polls)
{
    while (atomic_load(&t->taken) < TOTAL) {
        if (polls) {
            struct pollfd p = {filch_completion_queue_fd(t->cq), POLLIN, 0};
            MUST(poll(&p, 1, 1) >= 0);
            while (take_one(t, FILCH_POLL))
                ;
        } else if (!take_one(t, filch_after(FILCH_US(draw(random, 500))))) {
            sched_yield();
        }
    }
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    struct traffic *t = self->shared;
    if (self->number % 2 == 0)
        produce(t, &self->random);
    else
        consume(t, &self->random, self->number == 1);
    return NULL;
}

static void play_round(int workers, uint64_t seed)
{
    static struct traffic t;
    memset(&t, 0, sizeof t);
    t.ex = open_pool(workers);
    MUST(filch_completion_queue_open(&t.cq) == 0);
    stress_run(drive, seed, &t);
    MUST(filch_completion_queue_pending(t.cq) == 0);
    MUST(filch_completion_queue_next(t.cq, FILCH_FOREVER, NULL, NULL) == 0);
    filch_completion_queue_close(t.cq);
    MUST(filch_executor_close(t.ex) == 0);
    MUST(atomic_load(&t.ran) + atomic_load(&t.cancelled) == TOTAL);
    for (int i = 0; i < TOTAL; i++)
        MUST(atomic_load(&t.seen[i]) == 1);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 150 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
