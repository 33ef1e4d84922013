/* SPDX-License-Identifier: MIT */
/*
 * Tasks that submit tasks and wait for them, in every way to wait: the value
 * comes out right on pools of one to four workers, with and without spares.
 */
#include "../support/pool.h"
#include "../support/stress.h"

struct node {
    uint64_t random;
    int n;
};

static int add_up(filch_future *const fs[2])
{
    return int_result(fs[0]) + int_result(fs[1]);
}

static void wait_by_queue(filch_future *const fs[2])
{
    filch_completion_queue *cq = NULL;
    MUST(filch_completion_queue_open(&cq) == 0);
    for (int i = 0; i < 2; i++)
        MUST(filch_completion_queue_add(cq, fs[i], NULL) == 0);
    for (int i = 0; i < 2; i++)
        MUST(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL) == 1);
    filch_completion_queue_close(cq);
}

static void wait_somehow(filch_future *const fs[2], uint64_t *random)
{
    switch (draw(random, 5)) {
    case 0:
        MUST(filch_wait(fs, 2, FILCH_ALL, FILCH_FOREVER, NULL) == 2);
        break;
    case 1:
        MUST(filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, NULL) >= 1);
        break;
    case 2:
        wait_by_queue(fs);
        break;
    case 3:
        (void)filch_future_help(fs[0]);
        break;
    default:
        break;
    }
}

static int fib(filch_ctx *cx, void *arg, void *result)
{
    struct node *node = arg;
    int value = node->n;
    if (node->n >= 2) {
        filch_future *fs[2] = {NULL, NULL};
        struct filch_submit_options copied = {.arg_bytes = sizeof *node};
        for (int i = 0; i < 2; i++) {
            struct node child = {draw_bits(&node->random), node->n - 1 - i};
            MUST(filch_submit_with(&fs[i], filch_ctx_executor(cx), fib, &child,
                     &copied) == 0);
        }
        wait_somehow(fs, &node->random);
        value = add_up(fs);
        filch_future_release(fs[0]);
        filch_future_release(fs[1]);
    }
    memcpy(result, &value, sizeof value);
    return 0;
}

static void compute(int workers, int spares, uint64_t seed)
{
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = spares});
    struct node root = {seed, 15};
    filch_future *f = filch_submit(ex, fib, &root);
    MUST(int_result(f) == 610);
    filch_future_release(f);
    MUST(filch_executor_close(ex) == 0);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 100 * s.scale; i++) {
        compute(1 + (int)(i % 4), 0, s.seed + i);
        compute(1 + (int)(i % 4), FILCH_NO_SPARES, s.seed + i);
    }
    return 0;
}
