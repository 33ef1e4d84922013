/* SPDX-License-Identifier: MIT */
/* Maps over an input: what becomes of an item, its failure and its result;
 * bad input. */
#include "../../support/numbers.h"

#include <criterion/criterion.h>
#include <stddef.h>

TestSuite(map_item, .timeout = 120);

enum { COUNT = 40 };

/* Even ones fail with a message; those that can be divided by 4 say something
 * that does not count. */
static int fail_if_even(filch_ctx *cx, void *arg, void *result)
{
    int n = *(const int *)arg;
    if (n % 4 == 0)
        (void)filch_failf(cx, -EIO, "forget it");
    if (n % 2 == 0)
        return filch_failf(cx, -1000 - n, "%s: %d", filch_ctx_name(cx), n);
    return n == 13 ? -EDOM : cube_number(cx, arg, result);
}

Test(map_item, failures_carry_evidence)
{
    struct numbers input = {.count = COUNT};
    char expected[40];
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    options.chunk = 3;
    filch_map_stream *m = NULL;
    cr_assert_eq(filch_map_open(&m, ex, fail_if_even, &options), 0);
    for (int i = 0; i < COUNT; i++) {
        struct filch_failure why = {.code = 0};
        size_t index = 0;
        long value;
        int rc = filch_map_next(m, &value, &index);
        cr_assert_eq(index, (size_t)i);
        cr_assert_eq(filch_map_failure(m, &why), rc < 0 ? rc : 0);
        cr_assert_eq(why.code, rc < 0 ? rc : 0);
        if (rc == 1)
            continue;
        (void)snprintf(expected, sizeof expected, "fail_if_even: %d", i);
        cr_assert_str_eq(
            why.message, i == 13 ? filch_strerror(-EDOM) : expected);
        cr_assert_str_eq(why.task, "fail_if_even");
        cr_assert_not_null(strstr(why.where, "map_item.c:"));
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int succeed_after_a_message(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return *(const int *)arg == 0 ? (filch_failf(cx, -EIO, "not this"), 0)
                                  : -EDOM;
}

/* In one chunk: the message of a success is not the next one's. */
Test(map_item, a_message_stays_with_its_item)
{
    struct numbers input = {.count = 2};
    struct filch_failure why;
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_of(&input);
    options.chunk = 2;
    filch_map_stream *m = open_map(ex, succeed_after_a_message, &options);
    cr_assert_eq(filch_map_next(m, NULL, NULL), 1);
    cr_assert_eq(take_code(m, NULL), -EDOM);
    cr_assert_eq(filch_map_failure(m, &why), -EDOM);
    cr_assert_str_eq(why.message, filch_strerror(-EDOM));
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

enum { BIG = 1 << 20 };

static int fill_big(filch_ctx *cx, void *arg, void *result)
{
    const unsigned char *bytes = result;
    (void)cx;
    if ((uintptr_t)arg % 16 || (uintptr_t)result % 16)
        return -EFAULT;
    for (int i = 0; i < BIG; i += 4096)
        if (bytes[i])
            return -ESTALE; /* not zeroed */
    memset(result, 'a' + *(const int *)arg % 26, BIG);
    return 0;
}

Test(map_item, results_of_a_mebibyte)
{
    static char big[BIG];
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    options.result_bytes = BIG;
    options.window = 3;
    filch_map_stream *m = open_map(ex, fill_big, &options);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(filch_map_next(m, big, NULL), 1);
        cr_assert_eq(big[0], 'a' + i % 26);
        cr_assert_eq(memcmp(big, big + 1, BIG - 1), 0);
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void no_result_there(void *result)
{
    (void)result;
    abort();
}

static int no_result(filch_ctx *cx, void *arg, void *result)
{
    return result ? -EFAULT : bump(cx, &begun, arg);
}

Test(map_item, without_results)
{
    struct numbers input = {.count = COUNT};
    int rc, taken = 0;
    char untouched = 'x';
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    options.result_bytes = 0;
    options.result_destroy = no_result_there;
    filch_map_stream *m = open_map(ex, no_result, &options);
    while ((rc = filch_map_next(m, taken % 2 ? &untouched : NULL, NULL)) == 1)
        taken++;
    cr_assert_eq(rc, 0);
    cr_assert_eq(taken, COUNT);
    cr_assert_eq(untouched, 'x');
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_item, a_deadline_that_has_passed_reads_nothing)
{
    filch_executor *ex = open_pool(2);
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = COUNT};
        struct filch_map_options options = map_in(*order, &input);
        options.deadline = filch_now() - 1;
        filch_map_stream *m = open_map(ex, cube_number, &options);
        cr_assert_eq(end_of(m), -ETIMEDOUT);
        cr_assert_eq(input.read, 0);
        cr_assert_eq(filch_map_close(m), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int late_code(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return -ETIMEDOUT;
}

/* An item's code is not taken for one of the map. */
Test(map_item, an_item_that_fails_with_a_timeout)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    filch_map_stream *m = open_map(ex, late_code, &options);
    for (size_t i = 0; i < COUNT; i++) {
        size_t index = 0;
        cr_assert_eq(take_code(m, &index), -ETIMEDOUT);
        cr_assert_eq(index, i);
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int refusal(filch_executor *ex, const struct filch_map_options *options)
{
    filch_map_stream *m = (filch_map_stream *)(uintptr_t)16;
    int rc = filch_map_open(&m, ex, cube_number, options);
    cr_assert_null(m);
    return rc;
}

Test(map_item, bad_arguments_are_refused)
{
    struct numbers input = {.count = COUNT};
    struct filch_failure why;
    filch_map_stream *m;
    filch_executor *ex = open_pool(1);
    struct filch_map_options good = map_of(&input), bad = good;
    cr_assert_eq(refusal(NULL, &good), -EINVAL);
    cr_assert_eq(refusal(ex, NULL), -EINVAL);
    cr_assert_eq(filch_map_open(NULL, ex, cube_number, &good), -EINVAL);
    cr_assert_eq(filch_map_open(&m, ex, NULL, &good), -EINVAL);
    bad.next_item = NULL;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad = good;
    bad.item_bytes = 0;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad.item_bytes = SIZE_MAX / 2;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad = good;
    bad.result_bytes = (size_t)-1;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad.result_bytes = (size_t)1 << 40;
    bad.window = (size_t)1 << 40;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad.window = 0;
    bad.chunk = (size_t)1 << 40;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad = good;
    bad.order = (enum filch_map_order)7;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    bad = good;
    bad.reserved = 1;
    cr_assert_eq(refusal(ex, &bad), -EINVAL);
    cr_assert_eq(filch_map_next(NULL, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_map_failure(NULL, &why), -EINVAL);
    cr_assert_eq(input.read, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct newer {
    struct filch_map_options known;
    long unknown;
};

Test(map_item, callers_older_and_newer)
{
    static const size_t older = offsetof(struct filch_map_options, window);
    struct numbers input = {.count = COUNT};
    filch_map_stream *m;
    filch_executor *ex = open_pool(1);
    struct newer newer = {.known = map_of(&input)};
    newer.unknown = 1;
    cr_assert_eq(filch_map_open_call(
                     &m, ex, cube_number, "", &newer.known, sizeof newer),
        -E2BIG);
    newer.unknown = 0;
    newer.known.chunk = SIZE_MAX; /* an older caller has no such field */
    cr_assert_eq(
        filch_map_open_call(&m, ex, cube_number, "a\0b", &newer.known, older),
        0);
    take_all(m, COUNT);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
