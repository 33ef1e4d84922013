/* SPDX-License-Identifier: MIT */
/*
 * Then, all and any over the futures of all threads: made, cancelled, released
 * and waited for while the promises at the bottom are set. Handlers hand on
 * what others have made, in circles, too. Everything ends, and each argument is
 * destroyed once.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

enum { BASES = 24, EACH = 60, FUTURES = BASES + STRESS_THREADS * EACH };

struct web {
    filch_executor *ex;
    filch_promise *promises[BASES];
    /* Those that everybody may use: published once, released at the end. */
    _Atomic(filch_future *) futures[FUTURES];
    atomic_int used; /* places taken */
    atomic_int set;  /* promises */
    atomic_int owed; /* arguments to be destroyed */
};

static struct web web;

/* What a handler does. */
struct plan {
    int way;
    uint64_t random;
};

static void settle_plan(void *plan)
{
    free(plan);
    atomic_fetch_sub(&web.owed, 1);
}

/* Any that has been published. */
static filch_future *choose(uint64_t *random)
{
    filch_future *f = NULL;
    int used = atomic_load(&web.used);
    while (f == NULL)
        f = atomic_load(&web.futures[draw(random, used)]);
    return f;
}

static void publish(filch_future *f)
{
    int place = atomic_fetch_add(&web.used, 1);
    MUST(place < FUTURES);
    atomic_store(&web.futures[place], f);
}

static int handle(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    struct plan *plan = arg;
    MUST(filch_future_state(source) >= FILCH_DONE);
    *(int *)result = plan->way;
    switch (plan->way) {
    case 0:
        return filch_failf(cx, -ERANGE, "by plan");
    case 1:
        return filch_hand_on(cx, choose(&plan->random));
    case 2:
        return filch_future_result(
            choose(&plan->random), filch_after(FILCH_US(50)), NULL, 0);
    default:
        return 0;
    }
}

static filch_future *make_then(uint64_t *random)
{
    struct plan *plan = malloc(sizeof *plan);
    struct filch_then_options options = {.arg_destroy = settle_plan,
        .flags = draw(random, 8) == 0 ? FILCH_CANCEL_UP : 0};
    filch_future *g;
    MUST(plan != NULL);
    *plan = (struct plan){draw(random, 6), *random};
    atomic_fetch_add(&web.owed, 1);
    MUST(filch_then_with(&g, choose(random), web.ex,
             draw(random, 3) ? handle : NULL, draw(random, 2) ? handle : NULL,
             plan, &options) == 0);
    return g;
}

static filch_future *make_gather(uint64_t *random, bool is_any)
{
    filch_future *fs[5], *g;
    int count = 1 + draw(random, 5);
    for (int i = 0; i < count; i++)
        fs[i] = choose(random);
    int rc = is_any ? filch_any(&g, fs, (size_t)count)
                    : filch_all(&g, fs, (size_t)count);
    MUST(rc == 0);
    return g;
}

static filch_future *make(uint64_t *random)
{
    int kind = draw(random, 10);
    return kind < 7 ? make_then(random) : make_gather(random, kind < 9);
}

static int wait_in_task(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    int rc = outcome(f);
    MUST(rc != -ETIMEDOUT || filch_future_state(f) == FILCH_FAILED);
    return 0;
}

static void use(filch_future *f, uint64_t *random)
{
    switch (draw(random, 12)) {
    case 0:
        (void)filch_future_cancel(f);
        break;
    case 1:
        filch_future_release(filch_submit(web.ex, wait_in_task, f));
        break;
    case 2:
        MUST(filch_future_help(f) == 0);
        break;
    default:
        break;
    }
}

static void complete_one(uint64_t *random)
{
    int i = atomic_fetch_add(&web.set, 1);
    if (i >= BASES)
        return;
    if (draw(random, 4) == 0)
        (void)filch_promise_fail(web.promises[i], -EIO, "base %d", i);
    else if (draw(random, 8) != 0)
        (void)filch_promise_set(web.promises[i], &i, sizeof i);
    filch_promise_close(web.promises[i]);
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    uint64_t *random = &self->random;
    for (int i = 0; i < EACH; i++) {
        publish(make(random));
        use(choose(random), random);
        if (draw(random, 6) == 0)
            complete_one(random);
    }
    while (atomic_load(&web.set) < BASES)
        complete_one(random);
    return NULL;
}

/* Of handlers whose derived future was cancelled meanwhile. */
static void expect_failure(void *data, const struct filch_failure *failure)
{
    (void)data;
    MUST(failure->code < 0 && failure->message[0] != '\0');
}

static void set_up(int workers)
{
    memset(&web, 0, sizeof web);
    web.ex = open_with((struct filch_config){
        .workers = workers, .on_unobserved = expect_failure});
    for (int i = 0; i < BASES; i++) {
        filch_future *f;
        MUST(filch_promise_open(&web.promises[i], &f, NULL) == 0);
        publish(f);
    }
}

static void play_round(int workers, uint64_t seed)
{
    set_up(workers);
    stress_run(drive, seed, &web);
    for (int i = 0; i < FUTURES; i++)
        (void)outcome(atomic_load(&web.futures[i]));
    MUST(filch_executor_close(web.ex) == 0);
    for (int i = 0; i < FUTURES; i++)
        filch_future_release(atomic_load(&web.futures[i]));
    MUST(atomic_load(&web.owed) == 0);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 400 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
