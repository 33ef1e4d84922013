/* SPDX-License-Identifier: MIT */
/* filch_submit_many, and submits that are refused for their arguments. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(submit_many, .timeout = 120);
TestSuite(bad_submit, .timeout = 120);

enum { COUNT = 1000 };

static int args[COUNT];
static filch_future *fs[COUNT];

static void fill_args(void)
{
    for (int i = 0; i < COUNT; i++)
        args[i] = 7 * i;
}

static void check_results(void)
{
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(int_result(fs[i]), 7 * i);
        filch_future_release(fs[i]);
    }
}

Test(submit_many, each_gets_its_argument)
{
    filch_executor *ex = open_pool(2);
    fill_args();
    cr_assert_eq(
        filch_submit_many(fs, ex, echo, args, sizeof *args, COUNT, NULL), 0);
    check_results();
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(submit_many, each_gets_its_copy)
{
    filch_executor *ex = open_pool(1);
    struct gate gate;
    struct filch_submit_options copied = {.arg_bytes = sizeof *args};
    gate_init(&gate);
    fill_args();
    filch_future *held = occupy(ex, &gate);
    cr_assert_eq(
        filch_submit_many(fs, ex, echo, args, sizeof *args, COUNT, &copied), 0);
    memset(args, 0, sizeof args);
    gate_pass(&gate, 1);
    check_results();
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int submit_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    fill_args();
    return filch_submit_many(
        fs, filch_ctx_executor(cx), echo, args, sizeof *args, COUNT, NULL);
}

Test(submit_many, in_a_task)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(settle(filch_submit(ex, submit_in_task, NULL)), 0);
    check_results();
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(submit_many, without_futures_and_of_nothing)
{
    filch_executor *ex = open_pool(2);
    atomic_int ran = 0;
    cr_assert_eq(filch_submit_many(NULL, ex, bump, &ran, 0, COUNT, NULL), 0);
    cr_assert_eq(filch_submit_many(NULL, ex, bump, &ran, 0, 0, NULL), 0);
    cr_assert_eq(filch_submit_many(fs, ex, bump, NULL, 0, 0, NULL), 0);
    cr_assert_null(fs[0]);
    cr_assert_eq(filch_submit_many(fs, ex, nothing, NULL, 0, 3, NULL), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&ran), COUNT);
}

Test(bad_submit, many_with_wrong_arguments)
{
    filch_executor *ex = open_pool(1);
    filch_task *none = NULL;
    filch_executor *no_executor = NULL;
    cr_assert_eq(
        filch_submit_many(fs, ex, none, args, sizeof *args, 2, NULL), -EINVAL);
    cr_assert_eq(settle(fs[0]), -EINVAL);
    cr_assert_eq(settle(fs[1]), -EINVAL);
    cr_assert_eq(
        filch_submit_many(fs, no_executor, echo, args, sizeof *args, 1, NULL),
        -EINVAL);
    cr_assert_eq(settle(fs[0]), -EINVAL);
    cr_assert_eq(filch_submit_many(NULL, ex, echo, args, SIZE_MAX / 2, 4, NULL),
        -EINVAL);
    cr_assert_eq(
        filch_submit_many(NULL, ex, echo, args, 16, SIZE_MAX, NULL), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(bad_submit, many_that_nobody_would_ask_for)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &log});
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_submit_many(NULL, ex, echo, args, sizeof *args, 3, NULL),
        FILCH_ESHUTDOWN);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 0, "the caller has been told");
}

Test(bad_submit, without_an_executor)
{
    filch_executor *ex = NULL;
    struct filch_failure why;
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_not_null(f);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EINVAL);
    cr_assert_not_null(why.message);
    cr_assert_not_null(why.task);
    cr_assert_eq(filch_future_cancel(f), 0);
    cr_assert_eq(filch_future_help(f), 0);
    filch_future_release(f);
    cr_assert_eq(filch_submit_with(&f, ex, nothing, NULL, NULL), -EINVAL);
    cr_assert_null(f);
}

Test(bad_submit, of_an_unknown_kind_of_function)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit_call(ex, (filch_any_fn)nothing,
                     FILCH_SITE(nothing), (enum filch_fn_kind)9, NULL)),
        -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct newer {
    struct filch_submit_options known;
    long unknown[2];
};

Test(bad_submit, options_of_a_newer_caller)
{
    filch_executor *ex = open_pool(1);
    struct newer newer = {.known = {.name = "novelty"}};
    struct filch_failure why;
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_call_with(&f, ex, FILCH_CALL(burn), NULL,
                     &newer.known, sizeof newer),
        0);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
    cr_assert_str_eq(why.task, "novelty");
    filch_future_release(f);
    newer.unknown[1] = 1;
    cr_assert_eq(filch_submit_call_with(&f, ex, FILCH_CALL(burn), NULL,
                     &newer.known, sizeof newer),
        -E2BIG);
    cr_assert_null(f);
    cr_assert_eq(filch_submit_call_many(fs, ex, FILCH_CALL(burn), args,
                     sizeof *args, 2, &newer.known, sizeof newer),
        -E2BIG);
    cr_assert_eq(settle(fs[0]), -E2BIG);
    cr_assert_eq(settle(fs[1]), -E2BIG);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* What lies beyond the caller's struct is nonsense, and must not be read. */
Test(bad_submit, options_of_an_older_caller)
{
    filch_executor *ex = open_pool(1);
    struct filch_submit_options older = {.name = "heritage",
        .arg_bytes = SIZE_MAX,
        .arg_destroy = (void (*)(void *))(uintptr_t)8};
    struct filch_failure why;
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_call_with(&f, ex, FILCH_CALL(burn), NULL, &older,
                     offsetof(struct filch_submit_options, arg_bytes)),
        0);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EIO);
    cr_assert_str_eq(why.task, "heritage");
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}
