/* SPDX-License-Identifier: MIT */
/*
 * Several threads do everything to the same futures at once: cancel, wait,
 * help, describe, retain, release, add callbacks; one closes the executor
 * meanwhile. Each task has run once or is cancelled, each argument is
 * destroyed once, each callback has run once.
 */
#include "../support/pool.h"
#include "../support/stress.h"

enum { TASKS = 64, OPERATIONS = 200 };

struct entry {
    filch_future *f;
    atomic_int ran;
    atomic_int destroyed;
    atomic_int callbacks_due;
    atomic_int callbacks_run;
};

struct round {
    filch_executor *ex;
    pthread_barrier_t submitted;
    struct entry entries[TASKS];
};

static int run_entry(filch_ctx *cx, void *arg, void *result)
{
    struct entry *entry = *(struct entry **)arg;
    (void)cx;
    (void)result;
    atomic_fetch_add(&entry->ran, 1);
    return 0;
}

static void destroy_entry(void *arg)
{
    struct entry *entry = *(struct entry **)arg;
    atomic_fetch_add(&entry->destroyed, 1);
}

static int call_entry(filch_future *f, void *arg)
{
    struct entry *entry = arg;
    MUST(filch_future_state(f) > FILCH_RUNNING);
    atomic_fetch_add(&entry->callbacks_run, 1);
    return 0;
}

/* Copied: to the pointer, and to what needs a block of its own. */
static void submit_entry(struct round *round, struct entry *entry, int is_big)
{
    struct entry *arg[20] = {entry};
    struct filch_submit_options options = {
        .arg_bytes = is_big ? sizeof arg : sizeof arg[0],
        .arg_destroy = destroy_entry};
    MUST(
        filch_submit_with(&entry->f, round->ex, run_entry, arg, &options) == 0);
}

static void add_callback(struct entry *entry)
{
    atomic_fetch_add(&entry->callbacks_due, 1);
    MUST(filch_future_on_done(entry->f, call_entry, entry) == 0);
}

static void operate(struct entry *entry, uint64_t *random)
{
    char line[100];
    filch_future *kept = filch_future_retain(entry->f);
    switch (draw(random, 7)) {
    case 0:
        MUST(filch_future_cancel(entry->f) >= 0);
        break;
    case 1:
        (void)filch_future_result(
            entry->f, filch_after(FILCH_US(draw(random, 200))), NULL, 0);
        break;
    case 2:
        add_callback(entry);
        break;
    case 3:
        MUST(filch_future_help(entry->f) >= 0);
        break;
    case 4:
        MUST(filch_future_describe(entry->f, line, sizeof line) > 0);
        break;
    case 5:
        MUST(filch_wait(&entry->f, 1, FILCH_FIRST, FILCH_POLL, NULL) >= 0);
        break;
    default:
        (void)outcome(entry->f);
        break;
    }
    filch_future_release(kept);
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    struct round *round = self->shared;
    for (int i = self->number; i < TASKS; i += STRESS_THREADS)
        submit_entry(round, &round->entries[i], draw(&self->random, 2));
    pthread_barrier_wait(&round->submitted);
    for (int i = 0; i < OPERATIONS; i++) {
        if (self->number == 0 && i == OPERATIONS / 2)
            MUST(filch_executor_close(round->ex) == 0);
        operate(&round->entries[draw(&self->random, TASKS)], &self->random);
    }
    return NULL;
}

static void check_entry(struct entry *entry)
{
    enum filch_state state = filch_future_state(entry->f);
    MUST(state == FILCH_DONE || state == FILCH_CANCELLED);
    MUST(atomic_load(&entry->ran) == (state == FILCH_DONE));
    MUST(atomic_load(&entry->destroyed) == 1);
    UNTIL(atomic_load(&entry->callbacks_run) ==
          atomic_load(&entry->callbacks_due));
    filch_future_release(entry->f);
}

static void play_round(int workers, uint64_t seed)
{
    static struct round round;
    memset(&round, 0, sizeof round);
    round.ex = open_pool(workers);
    pthread_barrier_init(&round.submitted, NULL, STRESS_THREADS);
    stress_run(drive, seed, &round);
    for (int i = 0; i < TASKS; i++)
        check_entry(&round.entries[i]);
    pthread_barrier_destroy(&round.submitted);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 400 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
