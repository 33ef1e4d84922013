/* SPDX-License-Identifier: MIT */
/* What filch_failf() said reaches whoever gets the code, where there is no
 * future to ask. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(message, .timeout = 120);

static int fail(filch_ctx *cx)
{
    return filch_failf(cx, -EIO, "disk %d on fire", 7);
}

static int fail_run(filch_ctx *cx, void *frame)
{
    (void)frame;
    return fail(cx);
}

static int fail_silently(filch_ctx *cx, void *frame)
{
    (void)cx, (void)frame;
    return -EIO;
}

FILCH_TASK(long, fail_typed)
{
    return fail(cx);
}

static int fail_part(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    const size_t *bad = arg;
    return begin <= *bad && *bad < end ? fail(cx) : 0;
}

static int fail_fold(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)sum;
    return fail_part(cx, begin, end, arg);
}

static void add(void *left, const void *right, void *arg)
{
    (void)left, (void)right, (void)arg;
}

static int fail_item(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return *(int *)arg ? fail(cx) : 0;
}

static void expect(int rc)
{
    cr_assert_eq(rc, -EIO);
    cr_assert_str_eq(filch_error_message(rc), "disk 7 on fire");
}

/* Of a call in between that fails without a word. */
static void forget(filch_executor *ex)
{
    cr_assert_eq(filch_run(ex, fail_silently, NULL), -EIO);
    cr_assert_str_eq(filch_error_message(-EIO), filch_strerror(-EIO));
}

Test(message, of_a_run)
{
    filch_executor *ex = open_pool(2);
    long result = 0;
    forget(ex);
    expect(filch_run(ex, fail_run, NULL));
    expect(-EIO); /* again */
    cr_assert_str_eq(filch_error_message(0), filch_strerror(0));
    forget(ex);
    cr_assert_eq(fail_typed_run(ex, &result), 0);
    expect((int)result);
    cr_assert_eq(filch_executor_close(ex), 0);
    expect(-EIO);
}

Test(message, of_loops)
{
    struct filch_sum sum = {
        .fold = fail_fold, .combine = add, .bytes = sizeof(int)};
    filch_executor *ex = open_pool(3);
    for (size_t bad = 0; bad < 5000; bad += 777) {
        int total = 0;
        sum.arg = &bad;
        forget(ex);
        expect(filch_for(ex, 0, 5000, fail_part, &bad));
        forget(ex);
        expect(filch_any_of(ex, 0, 5000, fail_part, &bad));
        forget(ex);
        expect(filch_reduce(ex, 0, 5000, &sum, &total));
        forget(ex);
        expect(filch_scan(ex, 0, 5000, &sum, fail_fold, &total));
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The first one by index counts. */
static int number_item(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return *(int *)arg ? filch_failf(cx, -EIO, "item %d", *(int *)arg) : 0;
}

Test(message, of_a_map)
{
    enum { ITEMS = 100 };
    int items[ITEMS] = {0};
    struct filch_map_spec spec = {
        .in = items, .in_stride = sizeof *items, .count = ITEMS, .chunk = 3};
    filch_executor *ex = open_pool(3);
    items[50] = 1;
    expect(filch_map(ex, fail_item, &spec));
    for (int i = 50; i < ITEMS; i++)
        items[i] = i;
    cr_assert_eq(filch_map(ex, number_item, &spec), -EIO);
    cr_assert_str_eq(filch_error_message(-EIO), "item 50");
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_in_worker(filch_ctx *cx, void *arg)
{
    int worker = filch_ctx_worker(cx);
    (void)arg;
    return worker ? filch_failf(cx, -EIO, "worker %d", worker) : 0;
}

Test(message, of_each_worker)
{
    filch_executor *ex = open_pool(4);
    int rc = filch_for_each_worker(ex, fail_in_worker, NULL, FILCH_FOREVER);
    cr_assert_eq(rc, -EIO);
    cr_assert_str_eq(filch_error_message(rc), "worker 1");
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct shared {
    struct filch_once_flag once;
    filch_executor *ex;
    struct gate gate;
};

static int fail_at_gate(filch_ctx *cx, void *arg)
{
    stand_at(arg);
    return fail(cx);
}

static void *wait_for_it(void *arg)
{
    struct shared *shared = arg;
    int rc = filch_once(&shared->once, shared->ex, fail_at_gate, &shared->gate);
    expect(rc);
    return NULL;
}

Test(message, of_once_for_each_that_waits)
{
    enum { THREADS = 3 };
    struct shared shared = {.ex = open_pool(2)};
    pthread_t threads[THREADS];
    gate_init(&shared.gate);
    gate_pass(&shared.gate, THREADS); /* each may be the one that does it */
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, wait_for_it, &shared) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
    cr_assert_eq(filch_executor_close(shared.ex), 0);
}

/* What a task is told becomes its own, whatever executor it came from. */
static int pass_on(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = arg ? arg : filch_ctx_executor(cx);
    (void)result;
    MUST(filch_run(ex, fail_silently, NULL) == -EIO);
    MUST(strcmp(filch_error_message(-EIO), filch_strerror(-EIO)) == 0);
    int rc = filch_for(ex, 0, 100, fail_part, &(size_t){42});
    MUST(strcmp(filch_error_message(rc), "disk 7 on fire") == 0);
    return rc;
}

Test(message, becomes_the_tasks_own)
{
    filch_executor *ex = open_pool(2), *other = open_pool(1);
    for (int i = 0; i < 2; i++) {
        struct filch_failure failure = {0};
        filch_future *f = filch_submit(ex, pass_on, i ? other : NULL);
        cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &failure), -EIO);
        cr_assert_str_eq(failure.message, "disk 7 on fire");
        filch_future_release(f);
    }
    cr_assert_str_eq(filch_error_message(-EIO), filch_strerror(-EIO));
    cr_assert_eq(filch_executor_close(other), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int cannot_start(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -ENODEV, "no such card");
}

static void ignore(void *data, const struct filch_failure *failure)
{
    (void)data, (void)failure;
}

Test(message, why_it_is_broken)
{
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_start = cannot_start, .on_unobserved = ignore});
    for (int i = 0; i < 2; i++) {
        int rc = filch_run(ex, fail_run, NULL);
        cr_assert_eq(rc, FILCH_EBROKEN);
        cr_assert_str_eq(filch_error_message(rc), "no such card");
    }
    (void)filch_executor_close(ex);
}
