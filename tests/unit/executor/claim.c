/* SPDX-License-Identifier: MIT */
/* A wait in a task runs what it waits for: pools of one get through anything
 * that is not a cycle, with and without spare threads. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(claim, .timeout = 120);

enum { LINKS = 10000, CHILDREN = 200 };

static filch_future *links[LINKS];
static atomic_bool is_linked; /* all of them are set */

/* Link i waits for link i + 1, the last one for nothing. */
static int follow(filch_ctx *cx, void *arg, void *result)
{
    ptrdiff_t i = (filch_future **)arg - links;
    int value = 0;
    (void)cx;
    UNTIL(atomic_load(&is_linked));
    if (i + 1 < LINKS) {
        int rc = filch_future_result(
            links[i + 1], FILCH_FOREVER, &value, sizeof value);
        if (rc != 0)
            return rc;
    }
    value++;
    memcpy(result, &value, sizeof value);
    return 0;
}

static void link_up(filch_executor *ex, filch_task *fn)
{
    atomic_store(&is_linked, false);
    for (int i = 0; i < LINKS; i++)
        links[i] = filch_submit(ex, fn, &links[i]);
    atomic_store(&is_linked, true);
}

static int pull_chain(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    link_up(filch_ctx_executor(cx), follow);
    return filch_future_result(links[0], FILCH_FOREVER, result, sizeof(int));
}

/* The same, but nobody in the task waits for the first link. */
static int leave_chain(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    link_up(filch_ctx_executor(cx), follow);
    return 0;
}

static void run_chain(filch_task *root, int workers, int spares)
{
    filch_executor *ex = open_with((struct filch_config){.workers = workers,
        .spares = spares,
        .stack_bytes = TESTS_ASAN ? 64 << 20 : 0});
    filch_future *f = filch_submit(ex, root, NULL);
    cr_assert_eq(outcome(f), 0, "%s", filch_error_name(outcome(f)));
    filch_future_release(f);
    for (int i = 0; i < LINKS; i++) {
        cr_assert_eq(int_result(links[i]), LINKS - i);
        filch_future_release(links[i]);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(claim, a_chain_of_ten_thousand_in_a_pool_of_one)
{
    run_chain(pull_chain, 1, 0);
}

Test(claim, a_chain_of_ten_thousand_without_spares)
{
    run_chain(pull_chain, 1, FILCH_NO_SPARES);
}

Test(claim, a_chain_that_starts_by_itself)
{
    run_chain(leave_chain, 1, 0);
    run_chain(leave_chain, 1, FILCH_NO_SPARES);
    run_chain(leave_chain, 2, FILCH_NO_SPARES);
}

/* Too long for a small stack, and nobody to take over: a wait that cannot
 * get on says so, and the links below it go on. */
static int follow_or_give_up(filch_ctx *cx, void *arg, void *result)
{
    int rc = follow(cx, arg, result);
    return rc == -EDEADLK ? 0 : rc;
}

static int pull_short(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    link_up(filch_ctx_executor(cx), follow_or_give_up);
    return outcome(links[0]);
}

Test(claim, a_chain_that_is_too_long_for_the_stack)
{
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .spares = FILCH_NO_SPARES, .stack_bytes = 256 << 10});
    cr_assert_eq(settle(filch_submit(ex, pull_short, NULL)), 0);
    for (int i = 0; i < LINKS; i++)
        cr_assert_eq(settle(links[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

typedef int gather(filch_future **fs);

struct family {
    gather *gather;
    filch_future *children[CHILDREN];
};

static int gather_all(filch_future **fs)
{
    return filch_wait(fs, CHILDREN, FILCH_ALL, FILCH_FOREVER, NULL);
}

static int gather_first(filch_future **fs)
{
    int rc = filch_wait(fs, CHILDREN, FILCH_FIRST, FILCH_FOREVER, NULL);
    return rc >= 1 ? CHILDREN : rc;
}

static int gather_first_failure(filch_future **fs)
{
    return filch_wait(fs, CHILDREN, FILCH_FIRST_FAILURE, FILCH_FOREVER, NULL);
}

static int gather_backwards(filch_future **fs)
{
    for (int i = CHILDREN - 1; i >= 0; i--)
        if (outcome(fs[i]) != 0)
            return -EPROTO;
    return CHILDREN;
}

static int gather_by_queue(filch_future **fs)
{
    filch_completion_queue *cq = NULL;
    int count = 0;
    MUST(filch_completion_queue_open(&cq) == 0);
    for (int i = 0; i < CHILDREN; i++)
        MUST(filch_completion_queue_add(cq, fs[i], NULL) == 0);
    while (filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL) == 1)
        count++;
    filch_completion_queue_close(cq);
    return count;
}

static int raise_family(filch_ctx *cx, void *arg, void *result)
{
    struct family *family = arg;
    (void)result;
    for (int i = 0; i < CHILDREN; i++)
        family->children[i] =
            filch_submit(filch_ctx_executor(cx), nothing, NULL);
    int rc = family->gather(family->children);
    return rc == CHILDREN ? 0 : rc < 0 ? rc : -EPROTO;
}

static void run_family(gather *way, int workers, int spares)
{
    struct family family = {.gather = way};
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = spares});
    cr_assert_eq(settle(filch_submit(ex, raise_family, &family)), 0);
    for (int i = 0; i < CHILDREN; i++)
        cr_assert_eq(settle(family.children[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void run_families(gather *way)
{
    run_family(way, 1, 0);
    run_family(way, 1, FILCH_NO_SPARES);
    run_family(way, 2, FILCH_NO_SPARES);
}

Test(claim, a_task_waits_for_all_its_children)
{
    run_families(gather_all);
}

Test(claim, a_task_waits_for_its_first_child)
{
    run_families(gather_first);
}

Test(claim, a_task_waits_for_a_failure_among_its_children)
{
    run_families(gather_first_failure);
}

Test(claim, a_task_waits_for_its_children_backwards)
{
    run_families(gather_backwards);
}

Test(claim, a_task_takes_its_children_from_a_queue)
{
    run_families(gather_by_queue);
}

struct fib {
    filch_executor *ex;
    int n;
};

static int fib_task(filch_ctx *cx, void *arg, void *result)
{
    const struct fib *fib = arg;
    int a = fib->n;
    int b = 0;
    (void)cx;
    if (fib->n >= 2) {
        struct fib left = {fib->ex, fib->n - 1};
        struct fib right = {fib->ex, fib->n - 2};
        filch_future *f = filch_submit(fib->ex, fib_task, &left);
        filch_future *g = filch_submit(fib->ex, fib_task, &right);
        a = int_result(f);
        b = int_result(g);
        filch_future_release(f);
        filch_future_release(g);
    }
    a += b;
    memcpy(result, &a, sizeof a);
    return 0;
}

Test(claim, divide_and_conquer)
{
    for (int workers = 1; workers <= 4; workers *= 2) {
        filch_executor *ex = open_with((struct filch_config){
            .workers = workers, .spares = FILCH_NO_SPARES});
        struct fib fib = {ex, 17};
        filch_future *f = filch_submit(ex, fib_task, &fib);
        cr_assert_eq(int_result(f), 1597);
        filch_future_release(f);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A, in the only worker of one pool, waits for B in another, which waits for
 * C behind A. */
struct crossing {
    filch_executor *here;
    filch_executor *there;
};

static int wait_for_c(filch_ctx *cx, void *arg, void *result)
{
    const struct crossing *crossing = arg;
    (void)cx;
    (void)result;
    return settle(filch_submit(crossing->here, nothing, NULL));
}

static int wait_for_b(filch_ctx *cx, void *arg, void *result)
{
    struct crossing *crossing = arg;
    (void)cx;
    (void)result;
    return settle(filch_submit(crossing->there, wait_for_c, crossing));
}

Test(claim, across_executors)
{
    static const int spares[] = {0, FILCH_NO_SPARES};
    for (int i = 0; i < 2; i++) {
        struct filch_config config = {.workers = 1, .spares = spares[i]};
        struct crossing crossing = {open_with(config), open_with(config)};
        for (int round = 0; round < 100; round++) {
            int rc = settle(filch_submit(crossing.here, wait_for_b, &crossing));
            /* Without a spare there is nobody to run C. */
            cr_assert(rc == 0 || (rc == -EDEADLK && spares[i] != 0), "%d", rc);
        }
        cr_assert_eq(filch_executor_close(crossing.here), 0);
        cr_assert_eq(filch_executor_close(crossing.there), 0);
    }
}

static int wait_briefly(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    return filch_future_result(f, filch_after(FILCH_MS(1)), NULL, 0);
}

Test(claim, a_deadline_holds_in_a_task_too)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(2);
    filch_future *held = occupy(ex, &gate);
    cr_assert_eq(settle(filch_submit(ex, wait_briefly, held)), -ETIMEDOUT);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int poll_child(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    filch_future *f = filch_submit(filch_ctx_executor(cx), nothing, NULL);
    int rc = filch_future_result(f, FILCH_POLL, NULL, 0);
    filch_future_release(f);
    return rc;
}

/* "Look, do not wait" does not claim, either. */
Test(claim, a_poll_does_not_run_the_task)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit(ex, poll_child, NULL)), -ETIMEDOUT);
    cr_assert_eq(filch_executor_close(ex), 0);
}
