/* SPDX-License-Identifier: MIT */
/* What people read: states, descriptions, codes. And deadlines. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <wchar.h>

TestSuite(behaviour, .timeout = 120);

static void expect_line(filch_future *f, const char *task, const char *what)
{
    char line[400];
    int length = filch_future_describe(f, line, sizeof line);
    cr_assert_eq(length, (int)strlen(line));
    cr_assert_eq(strncmp(line, task, strlen(task)), 0, "%s", line);
    cr_assert_not_null(strstr(line, what), "%s", line);
    cr_assert_null(strchr(line, '\n'));
}

Test(behaviour, b030_text_form_of_each_state)
{
    filch_executor *ex = open_pool(1);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    filch_future *doomed = filch_submit(ex, nothing, NULL);
    filch_future *failing = filch_submit(ex, burn, NULL);
    expect_line(held, "stand", "running");
    expect_line(queued, "nothing", "pending");
    cr_assert_eq(filch_future_cancel(doomed), 1);
    expect_line(doomed, "nothing", "cancelled");
    gate_pass(&gate, 1);
    cr_assert_eq(outcome(held), 0);
    cr_assert_eq(outcome(queued), 0);
    cr_assert_eq(outcome(failing), -EIO);
    expect_line(held, "stand", "done");
    expect_line(failing, "burn", "failed");
    expect_line(failing, "burn", "EIO");
    expect_line(failing, "burn", "disk on fire");
    expect_line(failing, "burn", "text.c:");
    filch_future_release(held);
    filch_future_release(queued);
    filch_future_release(doomed);
    filch_future_release(failing);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_silently(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return -EPERM;
}

/* A message that cannot be made is lost, the code is not. */
static int fail_unspeakably(filch_ctx *cx, void *arg, void *result)
{
    const wchar_t none[] = {0x7FFFFFFF, 0};
    (void)arg;
    (void)result;
    return filch_failf(cx, -EPERM, "%ls", none);
}

Test(behaviour, b030_a_failure_without_a_message)
{
    static filch_task *const tasks[] = {fail_silently, fail_unspeakably};
    filch_executor *ex = open_pool(1);
    for (int i = 0; i < 2; i++) {
        struct filch_failure why;
        filch_future *f = filch_submit(ex, tasks[i], NULL);
        cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), -EPERM);
        cr_assert_str_eq(why.message, filch_strerror(-EPERM));
        expect_line(f, "tasks[i]", "EPERM");
        expect_line(f, "tasks[i]", filch_strerror(-EPERM));
        filch_future_release(f);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b030_a_description_is_cut_like_snprintf)
{
    filch_executor *ex = open_pool(1);
    char line[400];
    char cut[8] = "#######";
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    int length = filch_future_describe(f, line, sizeof line);
    cr_assert_gt(length, 7);
    cr_assert_eq(filch_future_describe(f, cut, 6), length);
    cr_assert_eq(strncmp(cut, line, 5), 0);
    cr_assert_eq(cut[5], '\0');
    cr_assert_eq(cut[6], '#');
    cr_assert_eq(filch_future_describe(f, NULL, 0), length);
    cr_assert_eq(filch_future_describe(NULL, line, sizeof line), -EINVAL);
    cr_assert_eq(filch_future_describe(f, NULL, 10), -EINVAL);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b030_state_names)
{
    cr_assert_str_eq(filch_state_name(FILCH_PENDING), "pending");
    cr_assert_str_eq(filch_state_name(FILCH_RUNNING), "running");
    cr_assert_str_eq(filch_state_name(FILCH_DONE), "done");
    cr_assert_str_eq(filch_state_name(FILCH_FAILED), "failed");
    cr_assert_str_eq(filch_state_name(FILCH_CANCELLED), "cancelled");
    cr_assert_not_null(filch_state_name((enum filch_state)77));
}

Test(behaviour, b031_error_names_are_stable)
{
    cr_assert_str_eq(filch_error_name(FILCH_EBROKEN), "FILCH_EBROKEN");
    cr_assert_str_eq(filch_error_name(FILCH_ESHUTDOWN), "FILCH_ESHUTDOWN");
    cr_assert_str_eq(filch_error_name(FILCH_EFORKED), "FILCH_EFORKED");
    cr_assert_str_eq(filch_error_name(FILCH_EDROPPED), "FILCH_EDROPPED");
    cr_assert_str_eq(filch_error_name(-ECANCELED), "ECANCELED");
    cr_assert_str_eq(filch_error_name(-EDEADLK), "EDEADLK");
    cr_assert_str_eq(filch_error_name(-ETIMEDOUT), "ETIMEDOUT");
    cr_assert_str_eq(filch_error_name(-EIO), "EIO");
    cr_assert_str_eq(filch_error_name(-999999), "?");
    cr_assert_str_eq(filch_error_name(INT_MIN), "?");
}

Test(behaviour, b031_every_code_has_its_own_text)
{
    static const int codes[] = {FILCH_EBROKEN, FILCH_ESHUTDOWN, FILCH_EFORKED,
        FILCH_EDROPPED, -ECANCELED, -EDEADLK, -ETIMEDOUT, -EINVAL, -ENOMEM};
    enum { CODES = sizeof codes / sizeof *codes };
    for (int i = 0; i < CODES; i++)
        for (int j = 0; j < CODES; j++)
            cr_assert_eq(
                strcmp(filch_strerror(codes[i]), filch_strerror(codes[j])) == 0,
                i == j);
    cr_assert_str_eq(filch_strerror(-EIO), strerror(EIO));
    cr_assert_not_null(filch_strerror(-999999));
    cr_assert_not_null(filch_strerror(INT_MIN));
    cr_assert_not_null(filch_strerror(INT_MAX));
    cr_assert_not_null(filch_strerror(0));
}

Test(text, version_is_that_of_the_header)
{
    char version[40];
    snprintf(version, sizeof version, "%d.%d.%d", FILCH_VERSION_MAJOR,
        FILCH_VERSION_MINOR, FILCH_VERSION_PATCH);
    cr_assert_str_eq(filch_version(), version);
}

Test(text, deadlines_saturate)
{
    int64_t now = filch_now();
    cr_assert_gt(now, 0);
    cr_assert_eq(filch_after(INT64_MAX), FILCH_FOREVER);
    cr_assert_eq(filch_after(INT64_MAX - 1), FILCH_FOREVER);
    cr_assert_geq(filch_after(FILCH_S(1)), now + FILCH_S(1));
    cr_assert_lt(filch_after(-FILCH_S(1)), filch_now());
    cr_assert_lt(filch_after(INT64_MIN), filch_now());
    cr_assert_geq(filch_now(), now);
}
