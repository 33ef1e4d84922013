/* SPDX-License-Identifier: MIT */
/* filch with function pointers and frames on the stack; fib only. */
#include "../common/filch_pool.h"
#include "competitor.h"

struct frame {
    long result;
    int n;
};

static int fib(filch_ctx *cx, void *arg)
{
    struct frame *frame = arg;

    if (frame->n < 2) {
        frame->result = frame->n;
        return 0;
    }
    struct frame a = {.n = frame->n - 1}, b = {.n = frame->n - 2};
    filch_fork(&cx, fib, &a);
    fib(cx, &b);
    filch_join(&cx);
    frame->result = a.result + b.result;
    return 0;
}

static long run_fib(void *pool, int n)
{
    struct frame frame = {.n = n};

    must(filch_run(pool, fib, &frame));
    return frame.result;
}

const struct competitor competitor = {
    .name = "filch, untyped",
    .workers_max = FILCH_WORKERS_MAX,
    .version = filch_version,
    .open = open_pool,
    .close = close_pool,
    .fib = run_fib,
};
