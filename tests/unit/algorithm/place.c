/* SPDX-License-Identifier: MIT */
/* From where a loop may be called: any thread, also one that a worker of
 * another executor or nobody's is. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

TestSuite(place, .timeout = 120);

enum { COUNT = 1000 };

static int add(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    MUST(!arg || filch_ctx_executor(cx) == arg);
    for (size_t i = begin; i < end; i++)
        *(size_t *)sum += i;
    return 0;
}

static void add_sums(void *left, const void *right, void *arg)
{
    (void)arg;
    *(size_t *)left += *(const size_t *)right;
}

static int keep(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)cx;
    (void)begin;
    (void)end;
    (void)arg;
    return 0;
}

static int find_half(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)cx;
    (void)arg;
    *found = COUNT / 2;
    return begin <= COUNT / 2 && COUNT / 2 < end;
}

static int fail_half(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    size_t unused;
    return find_half(cx, begin, end, &unused, arg)
               ? filch_failf(cx, -EIO, "half way")
               : 0;
}

/* One of each. */
static int do_all(filch_executor *ex)
{
    size_t sum;
    size_t found = 0;
    const struct filch_sum how = {
        .fold = add, .combine = add_sums, .arg = ex, .bytes = sizeof sum};
    MUST(filch_reduce(ex, 0, COUNT, &how, &sum) == 0);
    MUST(sum == COUNT * (COUNT - 1) / 2);
    MUST(filch_scan(ex, 0, COUNT, &how, add, &sum) == 0);
    MUST(sum == COUNT * (COUNT - 1) / 2);
    MUST(filch_for(ex, 0, COUNT, keep, NULL) == 0);
    MUST(filch_find_if(ex, 0, COUNT, find_half, NULL, &found) == 1);
    MUST(found == COUNT / 2);
    MUST(filch_for(ex, 0, COUNT, fail_half, NULL) == -EIO);
    return 0;
}

static int do_all_here(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    return do_all(filch_ctx_executor(cx));
}

static int do_all_there(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return do_all(arg);
}

Test(place, a_task)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(settle(filch_submit(ex, do_all_here, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void *do_all_in_thread(void *ex)
{
    for (int i = 0; i < 20; i++)
        MUST(do_all(ex) == 0);
    return NULL;
}

Test(place, outside_threads)
{
    for (int many = 1; many <= 4; many *= 2) {
        filch_executor *ex = open_pool(many);
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            MUST(!pthread_create(&threads[i], NULL, do_all_in_thread, ex));
        for (int i = 0; i < 4; i++)
            MUST(pthread_join(threads[i], NULL) == 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(place, a_task_of_another_executor)
{
    filch_executor *ex[2] = {open_pool(1), open_pool(3)};
    for (int i = 0; i < 100; i++)
        cr_assert_eq(
            settle(filch_submit(ex[i % 2], do_all_there, ex[1 - i % 2])), 0);
    cr_assert_eq(filch_executor_close(ex[0]), 0);
    cr_assert_eq(filch_executor_close(ex[1]), 0);
}

/* There and back: a loop in a body that another executor's loop runs. */
struct bounce {
    filch_executor *ex[2];
    int depth;
    atomic_int *leaves;
};

static int bounce(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct bounce next = *(struct bounce *)arg;
    MUST(filch_ctx_executor(cx) == next.ex[next.depth % 2]);
    for (size_t i = begin; i < end; i++) {
        next.depth = ((struct bounce *)arg)->depth - 1;
        if (next.depth >= 0)
            MUST(filch_for(next.ex[next.depth % 2], 0, 4, bounce, &next) == 0);
        else
            atomic_fetch_add(next.leaves, 1);
    }
    return 0;
}

Test(place, there_and_back)
{
    for (int i = 0; i < 10; i++) {
        atomic_int leaves = 0;
        struct bounce start = {
            {open_pool(1 + i % 3), open_pool(1 + i / 3)}, 3, &leaves};
        cr_assert_eq(filch_for(start.ex[1], 0, 4, bounce, &start), 0);
        cr_assert_eq(atomic_load(&leaves), 4 * 4 * 4 * 4);
        cr_assert_eq(filch_executor_close(start.ex[0]), 0);
        cr_assert_eq(filch_executor_close(start.ex[1]), 0);
    }
}

Test(place, an_outside_thread_that_helps)
{
    struct gate gate;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = filch_submit(ex, do_all_here, NULL);
    cr_assert_eq(filch_future_help(f), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(place, the_submitting_thread)
{
    struct gate gate;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_RUN_HERE});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    cr_assert_eq(do_all(ex), 0);
    cr_assert_eq(settle(filch_submit(ex, do_all_here, NULL)), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(queued), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A worker of another executor helps. */
static int help(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return filch_future_help(arg);
}

static int loop_as_guest(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    MUST(filch_ctx_worker(cx) == -1);
    company_await(cx);
    return do_all(filch_ctx_executor(cx));
}

Test(place, a_worker_of_another_executor_that_helps)
{
    struct gate gate;
    filch_executor *owner =
        open_with((struct filch_config){.workers = 1, .spares = -1});
    filch_executor *helper = open_pool(4);
    gate_init(&gate);
    filch_future *held = occupy(owner, &gate);
    filch_future *f = filch_submit(owner, loop_as_guest, NULL);
    cr_assert_eq(settle(filch_submit(helper, help, f)), 0);
    cr_assert_eq(settle(f), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(owner), 0);
    cr_assert_eq(filch_executor_close(helper), 0);
}

/* A callback, in the thread that completed the task, or in the one that
 * registered it. A failure's message that nobody reads is freed. */
static int do_all_back(filch_future *f, void *arg)
{
    (void)f;
    return do_all(arg);
}

Test(place, a_callback)
{
    struct gate gate;
    filch_executor *ex = open_pool(2);
    filch_executor *other = open_pool(1);
    gate_init(&gate);
    filch_future *f = filch_submit(ex, stand, &gate);
    cr_assert_eq(filch_future_on_done(f, do_all_back, ex), 0);
    cr_assert_eq(filch_future_on_done(f, do_all_back, other), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(filch_future_on_done(f, do_all_back, ex), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_executor_close(other), 0);
}

/* Hooks. */
static int start(filch_ctx *cx, void *data)
{
    (void)data;
    return do_all(filch_ctx_executor(cx));
}

static void stop(filch_ctx *cx, void *data)
{
    (void)data;
    MUST(do_all(filch_ctx_executor(cx)) == 0);
}

Test(place, hooks)
{
    filch_executor *ex = open_with((struct filch_config){
        .workers = 3, .on_start = start, .on_stop = stop});
    for (int i = 0; i < 10; i++)
        cr_assert_eq(do_all(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A task that was accepted may loop while its executor is shut down. */
static int loop_late(filch_ctx *cx, void *arg, void *result)
{
    MUST(filch_executor_shutdown(
             filch_ctx_executor(cx), FILCH_FINISH, FILCH_POLL) == -ETIMEDOUT);
    return do_all_here(cx, arg, result);
}

Test(place, a_task_of_an_executor_that_shuts_down)
{
    filch_executor *ex = open_pool(4);
    filch_future *f = filch_submit(ex, loop_late, NULL);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
