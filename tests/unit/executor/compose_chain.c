/* SPDX-License-Identifier: MIT */
/* Chains of a million derived futures: no stack, no leak. */
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(compose_chain, .timeout = 120);

enum { LENGTH = TESTS_ASAN ? 100000 : 1000000 };

static filch_promise *p;
static filch_future *first;

/* Each derived from the one before by `derive`; the last one. */
typedef int derive(filch_future **g, filch_future *f);

static int by_then(filch_future **g, filch_future *f)
{
    return filch_then(g, f, NULL, NULL, NULL, NULL);
}

static int by_all(filch_future **g, filch_future *f)
{
    return filch_all(g, &f, 1);
}

static int by_any(filch_future **g, filch_future *f)
{
    return filch_any(g, &f, 1);
}

static int by_turns(filch_future **g, filch_future *f)
{
    static unsigned turn;
    static derive *const ways[] = {by_then, by_all, by_any};
    return ways[turn++ % 3](g, f);
}

static filch_future *chain(derive *way, int length)
{
    MUST(filch_promise_open(&p, &first, NULL) == 0);
    filch_future *last = filch_future_retain(first);
    for (int i = 0; i < length; i++) {
        filch_future *next;
        MUST(way(&next, last) == 0);
        filch_future_release(last);
        last = next;
    }
    return last;
}

static void finish(void)
{
    filch_promise_close(p);
    filch_future_release(first);
}

/* In a thread with little stack. */
static void *use_chains(void *arg)
{
    derive *const ways[] = {by_then, by_all, by_any, by_turns};
    (void)arg;
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        int length = w ? LENGTH / 10 : LENGTH;
        filch_future *last = chain(ways[w], length);
        MUST(filch_promise_set(p, NULL, 0) == 0);
        MUST(settle(last) == 0);
        finish();
        last = chain(ways[w], length);
        MUST(filch_promise_fail(p, -EIO, "at the bottom") == 0);
        MUST(settle(last) == -EIO);
        finish();
        last = chain(ways[w], length);
        MUST(filch_future_cancel(first) == 1);
        MUST(settle(last) == -ECANCELED);
        finish();
    }
    return NULL;
}

Test(compose_chain, value_failure_and_cancellation)
{
    pthread_t thread;
    pthread_attr_t attr;
    MUST(pthread_attr_init(&attr) == 0);
    MUST(pthread_attr_setstacksize(&attr, 128 * 1024) == 0);
    MUST(pthread_create(&thread, &attr, use_chains, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static int add_one(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    *(int *)result = int_result(source) + 1;
    return 0;
}

static filch_future *chain_of_handlers(filch_executor *ex, int length)
{
    MUST(filch_promise_open(&p, &first, NULL) == 0);
    filch_future *last = filch_future_retain(first);
    for (int i = 0; i < length; i++) {
        filch_future *next;
        MUST(filch_then(&next, last, ex, add_one, NULL, NULL) == 0);
        filch_future_release(last);
        last = next;
    }
    return last;
}

Test(compose_chain, handlers)
{
    filch_executor *ex = open_pool(2);
    filch_future *last = chain_of_handlers(ex, LENGTH);
    MUST(filch_promise_set(p, NULL, 0) == 0);
    cr_assert_eq(int_result(last), LENGTH);
    filch_future_release(last);
    finish();
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int await_chain(filch_ctx *cx, void *arg, void *result)
{
    filch_future *last = chain_of_handlers(filch_ctx_executor(cx), *(int *)arg);
    MUST(filch_promise_set(p, NULL, 0) == 0);
    *(int *)result = int_result(last);
    filch_future_release(last);
    finish();
    return 0;
}

Test(compose_chain, awaited_in_the_only_worker)
{
    int length = LENGTH;
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_future *f = filch_submit(ex, await_chain, &length);
    cr_assert_eq(int_result(f), LENGTH);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A loop of handlers, each handing on the next one. */
static int count_down(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    int left = int_result(source);
    filch_executor *ex = filch_ctx_executor(cx);
    (void)arg;
    *(int *)result = left;
    if (!left--)
        return 0;
    filch_future *next, *f;
    filch_promise *value;
    MUST(filch_promise_open(&value, &f, NULL) == 0);
    MUST(filch_promise_set(value, &left, sizeof left) == 0);
    filch_promise_close(value);
    MUST(filch_then(&next, f, ex, count_down, NULL, NULL) == 0);
    MUST(filch_hand_on(cx, next) == 0);
    filch_future_release(f);
    filch_future_release(next);
    return 0;
}

Test(compose_chain, flattened)
{
    int length = LENGTH / 10;
    filch_executor *ex = open_pool(2);
    filch_future *last;
    MUST(filch_promise_open(&p, &first, NULL) == 0);
    MUST(filch_then(&last, first, ex, count_down, NULL, NULL) == 0);
    MUST(filch_promise_set(p, &length, sizeof length) == 0);
    cr_assert_eq(int_result(last), 0);
    filch_future_release(last);
    finish();
    cr_assert_eq(filch_executor_close(ex), 0);
}
