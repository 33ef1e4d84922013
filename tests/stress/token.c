/* SPDX-License-Identifier: MIT */
/*
 * Threads share a tree of tokens: they grow it, submit with its tokens and
 * with times, cancel tokens (also in a signal handler), and futures. Each task
 * comes to one end, and its argument to one, too.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <signal.h>

enum { EACH = 500, SHARED = 8 };

struct forest {
    filch_executor *ex;
    filch_token *root;
    filch_token *tokens[SHARED];
    atomic_int submitted;
    atomic_int ended; /* arguments */
    atomic_int ran;   /* once at least */
};

static void end_arg(void *arg)
{
    atomic_fetch_add(&((struct forest *)arg)->ended, 1);
}

/* Most just run; some submit one more, with the token that they have. */
static int run(filch_ctx *cx, void *arg, void *result)
{
    struct forest *forest = arg;
    int number = atomic_fetch_add(&forest->ran, 1);
    (void)result;
    if (number % 50 == 0 && filch_ctx_token(cx))
        filch_future_release(filch_submit(forest->ex, nothing, NULL));
    return 0;
}

static struct filch_submit_options draw_options(
    struct forest *forest, uint64_t *random)
{
    struct filch_submit_options options = {.arg_destroy = end_arg};
    int64_t soon = filch_after(FILCH_US(draw(random, 300)));
    if (draw(random, 4))
        options.token = forest->tokens[draw(random, SHARED)];
    if (draw(random, 4) == 0)
        options.not_before = soon;
    if (draw(random, 8) == 0)
        options.deadline = soon;
    if (draw(random, 8) == 0)
        options.start_by = soon + draw(random, 100000);
    else if (draw(random, 8) == 0)
        options.period = FILCH_US(1 + draw(random, 100));
    return options;
}

static void submit_one(struct forest *forest, uint64_t *random)
{
    struct filch_submit_options options = draw_options(forest, random);
    filch_future *f = NULL;
    atomic_fetch_add(&forest->submitted, 1);
    MUST(filch_submit_with(&f, forest->ex, run, forest, &options) == 0);
    if (draw(random, 4) == 0)
        (void)filch_future_cancel(f);
    if (draw(random, 4) == 0 && !options.period && !options.not_before) {
        int rc = outcome(f);
        MUST(rc == 0 || rc == -ECANCELED || rc == FILCH_EEXPIRED);
    }
    filch_future_release(f);
}

/* A branch of its own, with tasks, that is cut off. */
static void grow_and_cut(struct forest *forest, uint64_t *random)
{
    filch_token *branch, *leaf;
    filch_future *f = NULL;
    int64_t deadline = draw(random, 2)
                           ? FILCH_FOREVER
                           : filch_after(FILCH_US(draw(random, 50)));
    MUST(filch_token_open(&branch, forest->tokens[draw(random, SHARED)],
             FILCH_FOREVER) == 0);
    MUST(filch_token_open(&leaf, branch, deadline) == 0);
    struct filch_submit_options options = {
        .arg_destroy = end_arg, .token = leaf};
    atomic_fetch_add(&forest->submitted, 1);
    MUST(filch_submit_with(&f, forest->ex, run, forest, &options) == 0);
    if (draw(random, 2))
        filch_token_cancel(branch);
    else
        filch_token_cancel_in_signal(branch);
    MUST(filch_token_state(branch) == -ECANCELED);
    filch_token_release(branch);
    filch_token_release(leaf);
    (void)outcome(f);
    filch_future_release(f);
}

static filch_token *signalled;

static void on_signal(int number)
{
    (void)number;
    filch_token_cancel_in_signal(signalled);
}

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    struct forest *forest = self->shared;
    for (int i = 0; i < EACH; i++) {
        submit_one(forest, &self->random);
        if (draw(&self->random, 8) == 0)
            grow_and_cut(forest, &self->random);
        if (draw(&self->random, EACH) == 0)
            filch_token_cancel(forest->tokens[draw(&self->random, SHARED)]);
        if (draw(&self->random, 2 * EACH) == 0)
            MUST(raise(SIGUSR1) == 0);
    }
    return NULL;
}

/* Many expire, and nobody reads that. */
static void ignore(void *data, const struct filch_failure *failure)
{
    (void)data;
    MUST(failure->code == FILCH_EEXPIRED || failure->code == FILCH_ESHUTDOWN);
}

static void play_round(int workers, uint64_t seed)
{
    static struct forest forest;
    memset(&forest, 0, sizeof forest);
    forest.ex = open_with(
        (struct filch_config){.workers = workers, .on_unobserved = ignore});
    MUST(filch_token_open(&forest.root, NULL, FILCH_FOREVER) == 0);
    for (int i = 0; i < SHARED; i++)
        MUST(filch_token_open(&forest.tokens[i], forest.root, FILCH_FOREVER) ==
             0);
    signalled = forest.root;
    stress_run(drive, seed, &forest);
    MUST(filch_executor_close(forest.ex) == 0);
    for (int i = 0; i < SHARED; i++)
        filch_token_release(forest.tokens[i]);
    filch_token_release(forest.root);
    MUST(atomic_load(&forest.ended) == atomic_load(&forest.submitted));
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    struct sigaction action = {.sa_handler = on_signal};
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    for (unsigned long i = 0; i < 60 * s.scale; i++)
        play_round(1 + (int)(i % 4), s.seed + i);
    return 0;
}
