/* SPDX-License-Identifier: MIT */
/* The argument's bytes: unchanged, aligned, and gone soon after the task. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);

enum { LARGEST = 1 << 16 };

struct expected {
    size_t bytes;
    const unsigned char *pattern;
};

static struct expected expected;

static int compare(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    if ((uintptr_t)arg % 16 != 0)
        return -EFAULT;
    return memcmp(arg, expected.pattern, expected.bytes) == 0 ? 0 : -EBADMSG;
}

static int is_null(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return arg == NULL ? 0 : -EINVAL;
}

/* The caller's bytes are overwritten before the task can start: if it sees
 * the pattern, it has a copy. */
static void send_copy(filch_executor *ex, size_t bytes)
{
    static unsigned char pattern[LARGEST];
    static unsigned char callers[LARGEST];
    struct gate gate;
    filch_future *f = NULL;
    struct filch_submit_options copied = {.arg_bytes = bytes};
    for (size_t i = 0; i < bytes; i++)
        pattern[i] = (unsigned char)(i * 131 + bytes);
    memcpy(callers, pattern, bytes);
    expected = (struct expected){bytes, pattern};
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    cr_assert_eq(filch_submit_with(&f, ex, compare, callers, &copied), 0);
    memset(callers, 0xEE, bytes);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0, "%zu bytes", bytes);
    cr_assert_eq(settle(held), 0);
}

Test(behaviour, b002_arguments_arrive_bit_exact)
{
    filch_executor *ex = open_pool(1);
    for (size_t bytes = 1; bytes <= FILCH_ARG_INLINE + 3; bytes++)
        send_copy(ex, bytes);
    for (size_t bytes = 64; bytes <= LARGEST; bytes *= 4)
        send_copy(ex, bytes - 1);
    send_copy(ex, LARGEST);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b002_null_and_zero_length)
{
    filch_executor *ex = open_pool(1);
    filch_future *f = NULL;
    struct filch_submit_options none = {.arg_bytes = 0};
    cr_assert_eq(settle(filch_submit(ex, is_null, NULL)), 0);
    cr_assert_eq(filch_submit_with(&f, ex, is_null, NULL, &none), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_submit_with(&f, ex, is_null, NULL, NULL), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int same_pointer(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    memcpy(result, &arg, sizeof arg);
    return 0;
}

Test(behaviour, b002_a_pointer_stays_itself)
{
    filch_executor *ex = open_pool(1);
    int here = 0;
    void *seen = NULL;
    filch_future *f = filch_submit(ex, same_pointer, &here);
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, &seen, sizeof seen), 0);
    cr_assert_eq(seen, &here);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static atomic_int destroyed;
static atomic_int ran;

static void count_destroyed(void *arg)
{
    (void)arg;
    atomic_fetch_add(&destroyed, 1);
}

static int count_run(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    atomic_fetch_add(&ran, 1);
    return 0;
}

Test(behaviour, b006_a_discarded_future_keeps_nothing)
{
    filch_executor *ex = open_pool(1);
    struct filch_submit_options owned = {
        .arg_bytes = 100, .arg_destroy = count_destroyed};
    char bytes[100] = {0};
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, count_run, bytes, &owned), 0);
    filch_future_release(f);
    UNTIL(atomic_load(&destroyed) == 1);
    cr_assert_eq(atomic_load(&ran), 1);
    cr_assert_eq(filch_submit_with(NULL, ex, count_run, bytes, &owned), 0);
    UNTIL(atomic_load(&destroyed) == 2);
    cr_assert_eq(atomic_load(&ran), 2);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&destroyed), 2);
}

Test(argument, is_gone_after_the_task_though_the_future_lives)
{
    filch_executor *ex = open_pool(1);
    struct filch_submit_options owned = {
        .arg_bytes = 8, .arg_destroy = count_destroyed};
    char bytes[8] = {0};
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, count_run, bytes, &owned), 0);
    cr_assert_eq(outcome(f), 0);
    UNTIL(atomic_load(&destroyed) == 1);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&destroyed), 1);
}

/* Also with AddressSanitizer malloc() may say no. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

Test(argument, a_size_that_cannot_be_is_refused)
{
    filch_executor *ex = open_pool(1);
    struct filch_submit_options huge = {
        .arg_bytes = SIZE_MAX, .arg_destroy = count_destroyed};
    char byte = 0;
    filch_future *f = NULL;
    int rc = filch_submit_with(&f, ex, nothing, &byte, &huge);
    cr_assert(rc == -ENOMEM || rc == -EINVAL, "%d", rc);
    cr_assert_null(f);
    cr_assert_eq(atomic_load(&destroyed), 1);
    huge.arg_bytes = SIZE_MAX / 2;
    rc = filch_submit_with(&f, ex, nothing, &byte, &huge);
    cr_assert(rc == -ENOMEM || rc == -EINVAL, "%d", rc);
    cr_assert_eq(atomic_load(&destroyed), 2);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(argument, bytes_to_copy_from_null_are_refused)
{
    filch_executor *ex = open_pool(1);
    struct filch_submit_options copied = {.arg_bytes = 4};
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, nothing, NULL, &copied), -EINVAL);
    cr_assert_null(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}
