/* SPDX-License-Identifier: MIT */
/*
 * Programs out of a seed: trees of forks, calls, tasks, waits, failures and
 * blocking sections. What one gives is computed again by plain calls.
 * `fork_random [SCALE [SEED]]`; a mismatch prints the program's own seed.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>
#include <time.h>

enum { DEPTH = 6, MOST_STEPS = 6, PROGRAMS = 640 };

/* What a node does with a child. */
enum step { FORK, FORK_UNTYPED, CALL, SUBMIT, RUN, ELSEWHERE, STEPS };

/* A node: seed and depth say all about it. */
struct node {
    uint64_t seed;
    int depth;
};

struct outcome {
    uint64_t value; /* in which order the children came does matter */
    int code;       /* the failure of the last child that failed, or its own */
};

static filch_executor *other; /* for a part of the program */

static enum step step_of(uint64_t *random)
{
    static const enum step steps[] = {FORK, FORK, FORK, FORK_UNTYPED,
        FORK_UNTYPED, CALL, SUBMIT, SUBMIT, RUN, ELSEWHERE};
    return steps[draw(random, sizeof steps / sizeof *steps)];
}

static int step_count(struct node node, uint64_t *random)
{
    return node.depth == 0 ? 0 : draw(random, MOST_STEPS);
}

static struct outcome begin(struct node node)
{
    uint64_t seed = node.seed + 1;
    uint64_t value = draw_bits(&seed);
    return (struct outcome){value, value % 13 == 0 ? -(int)(value % 100) : 0};
}

static struct outcome add(struct outcome sum, struct outcome child)
{
    sum.value = sum.value * 31 + child.value;
    sum.code = child.code ? child.code : sum.code;
    return sum;
}

/* The plan of a node: drawn before anything is run. */
struct plan {
    int count;
    enum step steps[MOST_STEPS];
    struct node children[MOST_STEPS];
    bool is_blocking;
};

static struct plan plan_of(struct node node)
{
    struct plan plan = {.count = 0};
    uint64_t random = node.seed;
    plan.is_blocking = draw(&random, 12) == 0;
    plan.count = step_count(node, &random);
    for (int i = 0; i < plan.count; i++) {
        plan.steps[i] = step_of(&random);
        plan.children[i] = (struct node){draw_bits(&random), node.depth - 1};
    }
    return plan;
}

/* Children count from the last to the first. */
static struct outcome serial(struct node node)
{
    struct plan plan = plan_of(node);
    struct outcome sum = begin(node);
    while (plan.count-- > 0)
        sum = add(sum, serial(plan.children[plan.count]));
    return sum;
}

FILCH_TASK_DECLARE(struct outcome, parallel, struct node, node);

/* Untyped: what fails says so by its code. */
struct frame {
    struct node node;
    struct outcome outcome;
};

static int parallel_untyped(filch_ctx *cx, void *arg)
{
    struct frame *frame = arg;
    frame->outcome = parallel(cx, frame->node);
    return frame->outcome.code < 0
               ? filch_failf(cx, frame->outcome.code, "as planned")
               : 0;
}

/* Submitted: the same, and the result is in the future if it does not fail. */
static int parallel_task(filch_ctx *cx, void *arg, void *result)
{
    struct frame *frame = arg;
    (void)result;
    return parallel_untyped(cx, frame);
}

static void nap(void)
{
    filch_blocking {
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
}

/* What was begun and is to be joined. */
struct begun {
    struct frame frame;
    filch_future *f;
};

static void begin_step(
    filch_ctx **cx, enum step step, struct node child, struct begun *begun)
{
    begun->frame.node = child;
    switch (step) {
    case FORK:
        parallel_fork(cx, child);
        break;
    case FORK_UNTYPED:
        filch_fork(cx, parallel_untyped, &begun->frame);
        break;
    case SUBMIT:
        begun->f =
            filch_submit(filch_ctx_executor(*cx), parallel_task, &begun->frame);
        break;
    case CALL:
        begun->frame.outcome = parallel(*cx, child);
        break;
    case RUN:
        MUST(parallel_run(
                 filch_ctx_executor(*cx), &begun->frame.outcome, child) == 0);
        break;
    default: /* up to two deep: no circle */
        if (filch_ctx_executor(*cx) == other)
            begun->frame.outcome = parallel(*cx, child);
        else
            MUST(parallel_run(other, &begun->frame.outcome, child) == 0);
    }
}

static struct outcome end_step(
    filch_ctx **cx, enum step step, struct begun *begun)
{
    int code = begun->frame.outcome.code;
    if (step == FORK)
        return parallel_join(cx);
    if (step == FORK_UNTYPED)
        code = filch_join(cx);
    else if (step == SUBMIT)
        code = settle(begun->f);
    MUST(code == begun->frame.outcome.code);
    return begun->frame.outcome;
}

FILCH_TASK_DEFINE(struct outcome, parallel, struct node, node)
{
    struct plan plan = plan_of(node);
    struct begun begun[MOST_STEPS];
    struct outcome sum = begin(node);
    memset(begun, 0, sizeof begun);
    for (int i = 0; i < plan.count; i++)
        begin_step(&cx, plan.steps[i], plan.children[i], &begun[i]);
    if (plan.is_blocking)
        nap();
    while (plan.count-- > 0)
        sum =
            add(sum, end_step(&cx, plan.steps[plan.count], &begun[plan.count]));
    return sum;
}

static void run_program(filch_executor *ex, uint64_t seed, int workers)
{
    struct node root = {seed, DEPTH};
    struct outcome expected = serial(root);
    struct outcome got = {0, 0};
    int rc = parallel_run(ex, &got, root);
    if (!rc && got.value == expected.value && got.code == expected.code)
        return;
    fprintf(stderr,
        "seed %#llx, %d workers: %s, %#llx %d instead of %#llx %d\n",
        (unsigned long long)seed, workers, filch_strerror(rc),
        (unsigned long long)got.value, got.code,
        (unsigned long long)expected.value, expected.code);
    abort();
}

/* Eight programs, one after the other, on a new pool. */
static void run_programs(uint64_t seed, int workers, int spares)
{
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = spares});
    other = open_pool(2);
    for (uint64_t i = 0; i < 8; i++) {
        uint64_t random = seed + i;
        run_program(ex, draw_bits(&random), workers);
    }
    MUST(filch_executor_close(ex) == 0);
    MUST(filch_executor_close(other) == 0);
}

int main(int argc, char **argv)
{
    static const int workers[] = {1, 2, 4, 16};
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < PROGRAMS / 8 * s.scale; i++)
        run_programs(s.seed * 1000003 + i * 8, workers[i % 4],
            i % 8 < 4 ? 0 : FILCH_NO_SPARES);
    return 0;
}
