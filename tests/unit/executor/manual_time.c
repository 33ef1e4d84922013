/* SPDX-License-Identifier: MIT */
/* Tokens and times of tasks of executors without threads. */
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(manual_time, .timeout = 120);

#define NOW FILCH_S(1000)

static filch_executor *open_on(enum filch_backend backend)
{
    MUST(filch_virtual_clock_start(NOW) == 0);
    return open_with((struct filch_config){.backend = backend});
}

static void close_all(filch_executor *ex)
{
    MUST(filch_executor_close(ex) == 0);
    MUST(filch_virtual_clock_stop() == 0);
}

static filch_future *submit_at(
    filch_executor *ex, atomic_int *runs, struct filch_submit_options options)
{
    filch_future *f;
    MUST(filch_submit_with(&f, ex, bump, runs, &options) == 0);
    return f;
}

Test(manual_time, a_task_waits_for_its_time_and_for_a_step)
{
    atomic_int runs = 0;
    filch_executor *ex = open_on(FILCH_MANUAL);
    filch_future *f = submit_at(ex, &runs,
        (struct filch_submit_options){.not_before = NOW + FILCH_S(1)});
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(filch_virtual_clock_advance(FILCH_S(1)), 0);
    cr_assert_eq(atomic_load(&runs), 0);
    cr_assert_eq(filch_step(ex), 1);
    cr_assert_eq(atomic_load(&runs), 1);
    cr_assert_eq(settle(f), 0);
    close_all(ex);
}

Test(manual_time, a_wait_runs_it_when_its_time_has_come)
{
    atomic_int runs = 0;
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_MANUAL});
    filch_future *f = submit_at(ex, &runs,
        (struct filch_submit_options){.not_before = filch_after(FILCH_MS(5))});
    cr_assert_eq(filch_future_help(f), 0);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(atomic_load(&runs), 1);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(manual_time, again_and_again)
{
    static const enum filch_backend both[] = {FILCH_MANUAL, FILCH_INLINE};
    for (int i = 0; i < 2; i++) {
        atomic_int runs = 0;
        filch_executor *ex = open_on(both[i]);
        filch_future *f = submit_at(
            ex, &runs, (struct filch_submit_options){.period = FILCH_S(1)});
        cr_assert_eq(filch_step(ex), both[i] == FILCH_MANUAL);
        for (int j = 1; j < 5; j++) {
            cr_assert_eq(atomic_load(&runs), j);
            cr_assert_eq(filch_step(ex), 0);
            cr_assert_eq(filch_virtual_clock_advance(FILCH_S(1)), 0);
            cr_assert_eq(filch_step(ex), 1);
        }
        cr_assert_eq(filch_future_cancel(f), 1);
        cr_assert_eq(filch_virtual_clock_advance(FILCH_S(5)), 0);
        cr_assert_eq(filch_step(ex), 0);
        cr_assert_eq(settle(f), -ECANCELED);
        close_all(ex);
    }
}

Test(manual_time, too_late_to_start)
{
    atomic_int runs = 0;
    filch_executor *ex = open_on(FILCH_MANUAL);
    filch_future *f = submit_at(
        ex, &runs, (struct filch_submit_options){.start_by = NOW + FILCH_S(1)});
    cr_assert_eq(filch_virtual_clock_advance(FILCH_S(2)), 0);
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(settle(f), FILCH_EEXPIRED);
    cr_assert_eq(atomic_load(&runs), 0);
    close_all(ex);
}

Test(manual_time, cancelled_with_its_token)
{
    atomic_int runs = 0;
    filch_token *token;
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_MANUAL});
    MUST(filch_token_open(&token, NULL, FILCH_FOREVER) == 0);
    filch_future *f =
        submit_at(ex, &runs, (struct filch_submit_options){.token = token});
    filch_token_cancel(token);
    cr_assert_eq(filch_step(ex), 0);
    cr_assert_eq(settle(f), -ECANCELED);
    filch_token_release(token);
    cr_assert_eq(filch_executor_close(ex), 0);
}
