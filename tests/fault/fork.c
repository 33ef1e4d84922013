/* SPDX-License-Identifier: MIT */
/*
 * No room for forks: the stack of forks cannot be mapped, or one request for
 * memory is refused. Then forks run in place, and the result is right. With
 * neither room nor memory, a fork aborts.
 */
#include "inject.h"

#include "support/feature.h"

#include "support/child.h"
#include "support/fib.h"
#include "support/pool.h"

#include <signal.h>
#include <stdbool.h>

static bool is_lack(int rc)
{
    return rc == -ENOMEM || rc == -EAGAIN || rc == FILCH_EBROKEN;
}

/* Several in a row: a worker tries to get its stack at each first fork. */
static void compute(filch_executor *ex)
{
    for (int i = 0; i < 3; i++) {
        long value = -1;
        int rc = fib_run(ex, &value, 12);
        MUST(rc == 0 ? value == 144 : is_lack(rc));
    }
}

static bool run_with(unsigned kind, int nth, bool for_good)
{
    filch_executor *ex = open_pool(2);
    (void)settle(filch_submit(ex, nothing, NULL)); /* its first memory */
    fault_arm(kind, nth, for_good);
    compute(ex);
    bool struck = fault_disarm();
    compute(ex);
    MUST(filch_executor_close(ex) == 0);
    return struck;
}

static int one_more(filch_ctx *cx, void *frame)
{
    (void)cx;
    ++*(int *)frame;
    return 0;
}

/* In the blocking section all forks are offered, as far as there is memory to
 * write them down; the others stay private. */
static int offer_without_memory(filch_ctx *cx, void *frame)
{
    enum { MANY = 1000 };
    for (int i = 0; i < MANY; i++)
        filch_fork(&cx, one_more, frame);
    fault_arm(FAULT_MEMORY, 1, true);
    filch_blocking {
        break;
    }
    MUST(fault_disarm());
    for (int i = 0; i < MANY; i++)
        MUST(filch_join(&cx) == 0);
    return *(int *)frame == MANY ? 0 : -EIO;
}

static void offer_forks(void)
{
    int runs = 0;
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    MUST(filch_run(ex, offer_without_memory, &runs) == 0);
    MUST(filch_executor_close(ex) == 0);
}

static int never(filch_ctx *cx, void *frame)
{
    (void)cx;
    return *(int *)frame;
}

/* Forks until there is no more room for one: the next one runs at once, and
 * needs memory for its record. */
static int fork_without_memory(filch_ctx *cx, void *frame)
{
    filch_ctx *before;
    do {
        before = cx;
        filch_fork(&cx, never, frame);
    } while (cx == (filch_ctx *)((char *)before + FILCH_FORK_ALIGN));
    fault_arm(FAULT_MEMORY, 1, false);
    filch_fork(&cx, never, frame);
    return 0;
}

static int die_without_memory(void *arg)
{
    return filch_run(open_pool(1), fork_without_memory, arg);
}

/* There is nothing that it could return. */
static void expect_death(void)
{
    struct child child;
    int one = 1;
    run_child(&child, die_without_memory, &one);
    MUST(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT);
    MUST(strstr(child.err, "fork: misuse, not true: there is memory"));
}

int main(void)
{
    expect_death();
    (void)run_with(FAULT_MAPPING, 1, false); /* what the process keeps */
    struct fault_balance before = fault_balance();
    MUST(run_with(FAULT_MAPPING, 1, true));
    for (int nth = 1; run_with(FAULT_MAPPING, nth, false) && nth < 20; nth++)
        (void)run_with(FAULT_MAPPING, nth, true);
    for (int nth = 1; run_with(FAULT_MEMORY, nth, false) && nth < 100;)
        nth++;
    offer_forks();
    struct fault_balance after = fault_balance();
    MUST(before.blocks == after.blocks);
    MUST(before.mapped_bytes == after.mapped_bytes);
    return 0;
}
