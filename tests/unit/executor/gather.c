/* SPDX-License-Identifier: MIT */
/* All and any: what settles them, and what becomes of the other inputs. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(gather, .timeout = 120);

enum { COUNT = 4 };

static filch_promise *ps[COUNT];
static filch_future *fs[COUNT];

static void set_up(void)
{
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(filch_promise_open(&ps[i], &fs[i], NULL), 0);
}

static void tear_down(void)
{
    for (int i = 0; i < COUNT; i++) {
        (void)filch_future_cancel(fs[i]);
        (void)outcome(fs[i]); /* has been read */
        filch_promise_close(ps[i]);
        filch_future_release(fs[i]);
    }
}

static void give_value(int i)
{
    cr_assert_eq(filch_promise_set(ps[i], &i, sizeof i), 0);
}

static void give_failure(int i)
{
    cr_assert_eq(filch_promise_fail(ps[i], -EIO, "input %d", i), 0);
}

static filch_future *all(void)
{
    filch_future *g;
    cr_assert_eq(filch_all(&g, fs, COUNT), 0);
    return g;
}

static filch_future *any(void)
{
    filch_future *g;
    cr_assert_eq(filch_any(&g, fs, COUNT), 0);
    return g;
}

static void is_in(filch_future *f, enum filch_state state)
{
    cr_assert_str_eq(
        filch_state_name(filch_future_state(f)), filch_state_name(state));
}

static void fails_as(filch_future *g, const char *message)
{
    struct filch_failure why;
    cr_assert_eq(filch_future_failure(g, FILCH_POLL, &why), -EIO);
    cr_assert_str_eq(why.message, message);
    cr_assert_str_eq(why.task, "promise");
    filch_future_release(g);
}

Test(behaviour, b140_all_of_nothing_is_done_at_once)
{
    filch_future *g;
    cr_assert_eq(filch_all(&g, NULL, 0), 0);
    is_in(g, FILCH_DONE);
    cr_assert_null(filch_future_input(g, 0));
    cr_assert_eq(settle(g), 0);
}

Test(behaviour, b141_values_in_input_order, .init = set_up, .fini = tear_down)
{
    filch_future *g = all();
    for (int i = COUNT - 1; i >= 0; i--) {
        is_in(g, FILCH_PENDING);
        give_value(i);
    }
    is_in(g, FILCH_DONE);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(int_result(filch_future_input(g, i)), (int)i);
    cr_assert_null(filch_future_input(g, COUNT));
    cr_assert_eq(settle(g), 0);
}

Test(behaviour, b142_inputs_that_are_done, .init = set_up, .fini = tear_down)
{
    give_value(0);
    give_value(2);
    filch_future *g = all();
    is_in(g, FILCH_PENDING);
    give_value(3);
    give_value(1);
    cr_assert_eq(settle(g), 0);
    g = all();
    is_in(g, FILCH_DONE);
    filch_future_release(g);
}

Test(behaviour, b143_one_failure_fails_the_whole, .init = set_up,
    .fini = tear_down)
{
    filch_future *g = all();
    give_value(1);
    cr_assert_eq(filch_promise_start(ps[3]), 1);
    give_failure(2);
    is_in(fs[0], FILCH_CANCELLED);
    is_in(fs[1], FILCH_DONE);
    is_in(fs[2], FILCH_FAILED);
    is_in(fs[3], FILCH_RUNNING);
    give_failure(3);
    fails_as(g, "input 2");
}

Test(behaviour, b143_one_that_has_failed_before, .init = set_up,
    .fini = tear_down)
{
    give_failure(3);
    filch_future *g = all();
    for (int i = 0; i < 3; i++)
        is_in(fs[i], FILCH_CANCELLED);
    fails_as(g, "input 3");
}

Test(behaviour, b144_one_cancellation_cancels_the_whole, .init = set_up,
    .fini = tear_down)
{
    filch_future *g = all();
    give_value(0);
    cr_assert_eq(filch_future_cancel(fs[1]), 1);
    is_in(g, FILCH_CANCELLED);
    is_in(fs[0], FILCH_DONE);
    is_in(fs[2], FILCH_CANCELLED);
    is_in(fs[3], FILCH_CANCELLED);
    filch_future_release(g);
}

Test(behaviour, b145_cancelling_the_whole_cancels_all, .init = set_up,
    .fini = tear_down)
{
    filch_future *g = all();
    give_value(0);
    cr_assert_eq(filch_future_cancel(g), 1);
    is_in(fs[0], FILCH_DONE);
    for (int i = 1; i < COUNT; i++)
        is_in(fs[i], FILCH_CANCELLED);
    filch_future_release(g);
}

Test(behaviour, b145_cancelling_any_cancels_all, .init = set_up,
    .fini = tear_down)
{
    filch_future *g = any();
    give_failure(0);
    cr_assert_eq(filch_future_cancel(g), 1);
    for (int i = 1; i < COUNT; i++)
        is_in(fs[i], FILCH_CANCELLED);
    filch_future_release(g);
}

static void wins(filch_future *g, size_t index)
{
    size_t winner = COUNT;
    cr_assert_eq(filch_future_result(g, FILCH_POLL, &winner, sizeof winner), 0);
    cr_assert_eq(winner, index);
    cr_assert_eq(int_result(filch_future_input(g, winner)), (int)index);
    filch_future_release(g);
}

Test(gather, the_first_success_wins, .init = set_up, .fini = tear_down)
{
    filch_future *g = any();
    give_failure(0);
    cr_assert_eq(filch_future_cancel(fs[3]), 1);
    is_in(g, FILCH_PENDING);
    give_value(2);
    is_in(fs[1], FILCH_CANCELLED);
    wins(g, 2);
}

Test(gather, a_success_before_wins, .init = set_up, .fini = tear_down)
{
    give_value(1);
    filch_future *g = any();
    for (int i = 0; i < COUNT; i++)
        is_in(fs[i], i == 1 ? FILCH_DONE : FILCH_CANCELLED);
    wins(g, 1);
}

Test(gather, if_all_fail_the_last_counts, .init = set_up, .fini = tear_down)
{
    filch_future *g = any();
    give_failure(2);
    give_failure(0);
    give_failure(1);
    is_in(g, FILCH_PENDING);
    cr_assert_eq(filch_future_cancel(fs[3]), 1);
    fails_as(g, "input 1");
}

Test(gather, if_all_are_cancelled_so_is_any, .init = set_up, .fini = tear_down)
{
    filch_future *g = any();
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(filch_future_cancel(fs[i]), 1);
    is_in(g, FILCH_CANCELLED);
    filch_future_release(g);
}

Test(gather, bad_arguments, .init = set_up, .fini = tear_down)
{
    filch_future *holes[2] = {fs[0], NULL};
    filch_future *g = fs[0];
    cr_assert_eq(filch_any(&g, NULL, 0), -EINVAL);
    cr_assert_null(g);
    cr_assert_eq(filch_all(&g, holes, 2), -EINVAL);
    cr_assert_eq(filch_any(&g, holes, 2), -EINVAL);
    cr_assert_eq(filch_all(&g, NULL, 1), -EINVAL);
    cr_assert_eq(filch_all(&g, fs, SIZE_MAX / 2), -EINVAL);
    cr_assert_eq(filch_all_call(NULL, fs, 1, "all\0"), -EINVAL);
    cr_assert_null(filch_future_input(NULL, 0));
    cr_assert_null(filch_future_input(fs[0], 0));
    is_in(fs[0], FILCH_PENDING);
}

Test(gather, a_future_may_be_listed_twice, .init = set_up, .fini = tear_down)
{
    filch_future *whole, *either;
    filch_future *twice[3] = {fs[0], fs[1], fs[0]};
    cr_assert_eq(filch_all(&whole, twice, 3), 0);
    cr_assert_eq(filch_any(&either, twice, 3), 0);
    give_value(0);
    is_in(whole, FILCH_CANCELLED); /* any has cancelled the other */
    wins(either, 0);
    filch_future_release(whole);
}

Test(gather, inputs_live_as_long_as_the_whole)
{
    filch_future *made[2], *g;
    filch_promise *p[2];
    for (int i = 0; i < 2; i++)
        cr_assert_eq(filch_promise_open(&p[i], &made[i], NULL), 0);
    cr_assert_eq(filch_all(&g, made, 2), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(filch_promise_set(p[i], &i, sizeof i), 0);
        filch_promise_close(p[i]);
        filch_future_release(made[i]);
    }
    cr_assert_eq(int_result(filch_future_input(g, 1)), 1);
    filch_future_release(g);
}

static int sum(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    filch_future *f;
    (void)cx;
    (void)arg;
    for (size_t i = 0; (f = filch_future_input(source, i)); i++)
        *(int *)result += int_result(f);
    return 0;
}

Test(gather, tasks_and_a_handler_for_all)
{
    enum { MANY = 1000 };
    static int args[MANY];
    static filch_future *tasks[MANY];
    filch_future *whole, *g;
    filch_executor *ex = open_pool(3);
    for (int i = 0; i < MANY; i++) {
        args[i] = i;
        tasks[i] = filch_submit(ex, echo, &args[i]);
    }
    cr_assert_eq(filch_all(&whole, tasks, MANY), 0);
    cr_assert_eq(filch_then(&g, whole, ex, sum, NULL, NULL), 0);
    for (int i = 0; i < MANY; i++)
        filch_future_release(tasks[i]);
    filch_future_release(whole);
    cr_assert_eq(int_result(g), MANY * (MANY - 1) / 2);
    filch_future_release(g);
    cr_assert_eq(filch_executor_close(ex), 0);
}
