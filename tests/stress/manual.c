/* SPDX-License-Identifier: MIT */
/* One manual executor, and an inline one, used by several threads at once:
 * each submits, waits, cancels and steps as it likes. Every task runs once or
 * is cancelled, nothing hangs, nobody runs beside another with its number. */
#include "../support/stress.h"

#include "../support/pool.h"

#include <stdbool.h>

enum { TURNS = 300, FUTURES = 8, NUMBERS = 64 };

struct shared {
    filch_executor *ex;
    filch_executor *in_line;
    atomic_int runs, accepted, cancelled;
    atomic_flag busy[2][NUMBERS]; /* of each executor */
    atomic_int starts, stops;
};

static int count_start(filch_ctx *cx, void *data)
{
    struct shared *s = data;
    MUST(filch_ctx_worker(cx) >= 0);
    atomic_fetch_add(&s->starts, 1);
    return 0;
}

static void count_stop(filch_ctx *cx, void *data)
{
    struct shared *s = data;
    MUST(filch_ctx_worker(cx) >= 0);
    atomic_fetch_add(&s->stops, 1);
}

/* Alone with its number; perhaps on top of one that has the same. */
static int leaf(filch_ctx *cx, void *arg, void *result)
{
    struct shared *s = arg;
    bool is_manual = filch_ctx_executor(cx) == s->ex;
    atomic_flag *busy = &s->busy[is_manual][filch_ctx_worker(cx)];
    (void)result;
    MUST(!atomic_flag_test_and_set_explicit(busy, memory_order_relaxed));
    atomic_fetch_add(&s->runs, 1);
    atomic_flag_clear_explicit(busy, memory_order_relaxed);
    return 0;
}

static int family(filch_ctx *cx, void *arg, void *result)
{
    struct shared *s = arg;
    filch_future *f = filch_submit(filch_ctx_executor(cx), leaf, s);
    (void)result;
    int rc = settle(f);
    atomic_fetch_add(&s->accepted, rc == 0);
    atomic_fetch_add(&s->runs, 1);
    return rc == FILCH_ESHUTDOWN ? 0 : rc;
}

/* Of the executor's; or in the other one, whose tasks run at once. */
static filch_future *submit_one(struct shared *s, uint64_t *random)
{
    filch_executor *ex = draw(random, 4) ? s->ex : s->in_line;
    atomic_fetch_add(&s->accepted, 1);
    if (ex == s->ex && draw(random, 3) == 0)
        return filch_submit(ex, family, s);
    return filch_submit(ex, ex == s->ex ? leaf : family, s);
}

static void end_one(struct shared *s, filch_future *f, uint64_t *random)
{
    if (draw(random, 4) == 0 && filch_future_cancel(f) == 1) {
        atomic_fetch_add(&s->cancelled, 1);
        MUST(settle(f) == -ECANCELED);
    } else if (draw(random, 4) == 0) {
        filch_future_release(f);
    } else {
        MUST(settle(f) == 0);
    }
}

static void end_some(struct shared *s, filch_future **fs, uint64_t *random)
{
    if (draw(random, 3) == 0)
        MUST(filch_wait(fs, FUTURES, FILCH_FIRST, FILCH_FOREVER, NULL) > 0);
    if (draw(random, 3) == 0)
        MUST(
            filch_wait(fs, FUTURES, FILCH_ALL, FILCH_FOREVER, NULL) == FUTURES);
    for (int i = 0; i < FUTURES; i++)
        end_one(s, fs[i], random);
}

static void *play(void *arg)
{
    struct stress_thread *thread = arg;
    struct shared *s = thread->shared;
    filch_future *fs[FUTURES];
    for (int i = 0; i < TURNS; i++) {
        for (int j = 0; j < FUTURES; j++) {
            fs[j] = submit_one(s, &thread->random);
            if (draw(&thread->random, 3) == 0)
                MUST(filch_step(s->ex) >= 0);
        }
        end_some(s, fs, &thread->random);
    }
    return NULL;
}

static void play_round(uint64_t seed)
{
    struct shared s = {.runs = 0};
    struct filch_config config = {.backend = FILCH_MANUAL,
        .queue_limit = 100,
        .on_start = count_start,
        .on_stop = count_stop,
        .data = &s};
    s.ex = open_with(config);
    config.backend = FILCH_INLINE;
    s.in_line = open_with(config);
    stress_run(play, seed, &s);
    MUST(filch_executor_close(s.ex) == 0);
    MUST(filch_executor_close(s.in_line) == 0);
    MUST(atomic_load(&s.accepted) ==
         atomic_load(&s.runs) + atomic_load(&s.cancelled));
    MUST(atomic_load(&s.starts) == atomic_load(&s.stops));
    MUST(filch_report_leaks(NULL, NULL, NULL) == 0);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 30 * s.scale; i++)
        play_round((s.seed + i) * 977);
    return 0;
}
