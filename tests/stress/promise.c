/* SPDX-License-Identifier: MIT */
/*
 * Promises that all threads start, set, fail, cancel and wait for at once;
 * whoever is through with one last gives it up. Each has one outcome, which is
 * that of the one call that succeeded, and all see it.
 */
#include "../support/pool.h"
#include "../support/stress.h"

enum { PROMISES = 64, LOST = -1, CANCELLED = -2, FAILED = -3 };

struct pledge {
    filch_promise *p;
    filch_future *f;
    atomic_int users;
    atomic_int completed; /* calls that succeeded */
    atomic_int callbacks;
    _Atomic int expected; /* a value, or one of the above */
};

struct table {
    filch_executor *ex;
    struct pledge pledges[PROMISES];
};

static void note_success(struct pledge *pledge, int rc, int expected)
{
    MUST(rc == 0 || rc == -EALREADY || rc == -ECANCELED);
    if (rc != 0)
        return;
    atomic_store(&pledge->expected, expected);
    atomic_fetch_add(&pledge->completed, 1);
}

static int count_call(filch_future *f, void *pledge)
{
    MUST(filch_future_state(f) >= FILCH_DONE);
    atomic_fetch_add(&((struct pledge *)pledge)->callbacks, 1);
    return 0;
}

static int wait_in_task(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    (void)outcome(f);
    return 0;
}

static void cancel(struct pledge *pledge)
{
    int was = filch_future_state(pledge->f) == FILCH_CANCELLED;
    if (filch_future_cancel(pledge->f) == 1 && !was)
        atomic_store(&pledge->expected, CANCELLED);
}

static void act(struct table *t, struct pledge *pledge, uint64_t *random)
{
    int value = draw(random, 1000);
    int rc;
    switch (draw(random, 8)) {
    case 0:
    case 1:
        rc = filch_promise_set(pledge->p, &value, sizeof value);
        note_success(pledge, rc, value);
        break;
    case 2:
        rc = filch_promise_fail(pledge->p, -EIO, "number %d", value);
        note_success(pledge, rc, FAILED);
        break;
    case 3:
        cancel(pledge);
        break;
    case 4:
        rc = filch_promise_start(pledge->p);
        MUST(rc == 1 || rc == 0 || rc == -EALREADY);
        break;
    case 5:
        filch_future_release(filch_submit(t->ex, wait_in_task, pledge->f));
        break;
    case 6:
        MUST(filch_future_on_done(pledge->f, count_call, pledge) == 0);
        atomic_fetch_sub(&pledge->callbacks, 1);
        break;
    default:
        rc = filch_future_result(
            pledge->f, filch_after(FILCH_US(value / 10)), &value, sizeof value);
        MUST(rc == 0 || rc == -EIO || rc == -ECANCELED || rc == -ETIMEDOUT);
    }
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    struct table *t = self->shared;
    int at = draw(&self->random, PROMISES);
    for (int i = 0; i < PROMISES; i++, at = (at + 1) % PROMISES) {
        struct pledge *pledge = &t->pledges[at];
        act(t, pledge, &self->random);
        act(t, pledge, &self->random);
        if (atomic_fetch_sub(&pledge->users, 1) == 1)
            filch_promise_close(pledge->p);
    }
    for (int i = 0; i < PROMISES; i++)
        (void)outcome(t->pledges[i].f);
    return NULL;
}

static void check(struct pledge *pledge)
{
    int value = -1;
    int expected = atomic_load(&pledge->expected);
    int rc = filch_future_result(pledge->f, FILCH_POLL, &value, sizeof value);
    MUST(atomic_load(&pledge->completed) <= 1);
    if (rc == 0)
        MUST(expected == value);
    else if (rc == -EIO)
        MUST(expected == FAILED);
    else if (rc == -ECANCELED)
        MUST(expected == CANCELLED);
    else
        MUST(rc == FILCH_ELOST && expected == LOST);
    filch_future_release(pledge->f);
}

static void play_round(int workers, uint64_t seed)
{
    static struct table t;
    t.ex = open_pool(workers);
    for (int i = 0; i < PROMISES; i++) {
        struct pledge *pledge = &t.pledges[i];
        MUST(filch_promise_open(&pledge->p, &pledge->f, t.ex) == 0);
        atomic_store(&pledge->users, STRESS_THREADS);
        atomic_store(&pledge->completed, 0);
        atomic_store(&pledge->callbacks, 0);
        atomic_store(&pledge->expected, LOST);
    }
    stress_run(drive, seed, &t);
    MUST(filch_executor_close(t.ex) == 0);
    for (int i = 0; i < PROMISES; i++) {
        MUST(atomic_load(&t.pledges[i].callbacks) == 0);
        check(&t.pledges[i]);
    }
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 400 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
