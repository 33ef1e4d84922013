/* SPDX-License-Identifier: MIT */
/* filch_wait in its three modes. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>
#include <limits.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(wait, .timeout = 120);

/* Two workers; each task has a gate of its own. */
struct scene {
    filch_executor *ex;
    struct gate gates[4];
    filch_future *fs[4];
};

static int burn_at_gate(filch_ctx *cx, void *arg, void *result)
{
    stand_at(arg);
    return burn(cx, NULL, result);
}

static void set_scene(struct scene *s, filch_task *const fns[4])
{
    s->ex = open_pool(4);
    for (int i = 0; i < 4; i++) {
        gate_init(&s->gates[i]);
        s->fs[i] = filch_submit(s->ex, fns[i], &s->gates[i]);
    }
    for (int i = 0; i < 4; i++)
        gate_await(&s->gates[i], 1);
}

static void finish(struct scene *s, int i)
{
    gate_pass(&s->gates[i], 1);
    UNTIL(filch_future_state(s->fs[i]) > FILCH_RUNNING);
}

static void strike_scene(struct scene *s)
{
    for (int i = 0; i < 4; i++) {
        gate_pass(&s->gates[i], 1);
        (void)settle(s->fs[i]);
    }
    cr_assert_eq(filch_executor_close(s->ex), 0);
}

static filch_task *const all_stand[4] = {stand, stand, stand, stand};
static filch_task *const two_burn[4] = {
    stand, burn_at_gate, stand, burn_at_gate};

Test(behaviour, b046_a_future_listed_twice_is_reported_once)
{
    struct scene s;
    filch_future *done[4] = {0};
    set_scene(&s, all_stand);
    filch_future *twice[3] = {s.fs[0], s.fs[0], s.fs[1]};
    finish(&s, 0);
    cr_assert_eq(filch_wait(twice, 2, FILCH_ALL, FILCH_FOREVER, done), 1);
    cr_assert_eq(done[0], s.fs[0]);
    cr_assert_null(done[1]);
    cr_assert_eq(filch_wait(twice, 2, FILCH_FIRST, FILCH_FOREVER, NULL), 1);
    finish(&s, 1);
    cr_assert_eq(filch_wait(twice, 3, FILCH_ALL, FILCH_FOREVER, done), 2);
    cr_assert_eq(done[0], s.fs[0]);
    cr_assert_eq(done[1], s.fs[1]);
    strike_scene(&s);
}

struct call {
    struct scene *scene;
    enum filch_wait_mode mode;
    filch_future *done[4];
};

static int wait_for_scene(void *arg)
{
    struct call *call = arg;
    return filch_wait(
        call->scene->fs, 4, call->mode, FILCH_FOREVER, call->done);
}

Test(behaviour, b047_first_returns_with_the_finished_one)
{
    struct scene s;
    struct call call = {&s, FILCH_FIRST, {0}};
    struct reader reader;
    set_scene(&s, all_stand);
    reader_start(&reader, wait_for_scene, &call);
    gate_pass(&s.gates[2], 1);
    cr_assert_eq(reader_join(&reader), 1);
    cr_assert_eq(call.done[0], s.fs[2]);
    cr_assert_eq(filch_future_state(s.fs[0]), FILCH_RUNNING);
    strike_scene(&s);
}

Test(behaviour, b047_a_cancelled_one_is_final_at_once)
{
    struct scene s;
    set_scene(&s, all_stand);
    filch_future *doomed = filch_submit(s.ex, nothing, NULL);
    filch_future *fs[2] = {s.fs[0], doomed};
    filch_future *done[2];
    cr_assert_eq(filch_future_cancel(doomed), 1);
    cr_assert_eq(filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, done), 1);
    cr_assert_eq(done[0], doomed);
    filch_future_release(doomed);
    strike_scene(&s);
}

Test(behaviour, b048_first_returns_all_that_are_done)
{
    struct scene s;
    filch_future *done[4];
    set_scene(&s, all_stand);
    finish(&s, 1);
    finish(&s, 3);
    cr_assert_eq(filch_wait(s.fs, 4, FILCH_FIRST, FILCH_FOREVER, done), 2);
    cr_assert_eq(done[0], s.fs[1]);
    cr_assert_eq(done[1], s.fs[3]);
    strike_scene(&s);
}

Test(behaviour, b049_first_failure)
{
    struct scene s;
    struct call call = {&s, FILCH_FIRST_FAILURE, {0}};
    struct reader reader;
    set_scene(&s, two_burn);
    finish(&s, 0);
    reader_start(&reader, wait_for_scene, &call);
    gate_pass(&s.gates[1], 1);
    cr_assert_eq(reader_join(&reader), 2);
    cr_assert_eq(call.done[0], s.fs[0]);
    cr_assert_eq(call.done[1], s.fs[1]);
    strike_scene(&s);
}

Test(behaviour, b049_first_failure_without_one_waits_for_all)
{
    struct scene s;
    struct call call = {&s, FILCH_FIRST_FAILURE, {0}};
    struct reader reader;
    set_scene(&s, all_stand);
    reader_start(&reader, wait_for_scene, &call);
    for (int i = 0; i < 4; i++)
        gate_pass(&s.gates[i], 1);
    cr_assert_eq(reader_join(&reader), 4);
    strike_scene(&s);
}

Test(behaviour, b050_a_cancellation_is_not_a_failure)
{
    struct scene s;
    filch_future *done[3];
    set_scene(&s, two_burn);
    filch_future *doomed = filch_submit(s.ex, nothing, NULL);
    filch_future *fs[3] = {doomed, s.fs[0], s.fs[1]};
    cr_assert_eq(filch_future_cancel(doomed), 1);
    cr_assert_eq(filch_wait(fs, 3, FILCH_FIRST_FAILURE, FILCH_POLL, done), 1,
        "still waiting: the deadline ended it");
    finish(&s, 1);
    cr_assert_eq(filch_wait(fs, 3, FILCH_FIRST_FAILURE, FILCH_FOREVER, done), 2,
        "one has failed already");
    cr_assert_eq(done[0], doomed);
    cr_assert_eq(done[1], s.fs[1]);
    filch_future_release(doomed);
    strike_scene(&s);
}

Test(behaviour, b051_all_counts_every_final_state)
{
    struct scene s;
    filch_future *done[3];
    set_scene(&s, two_burn);
    filch_future *doomed = filch_submit(s.ex, nothing, NULL);
    filch_future *fs[3] = {s.fs[0], s.fs[1], doomed};
    cr_assert_eq(filch_future_cancel(doomed), 1);
    gate_pass(&s.gates[0], 1);
    gate_pass(&s.gates[1], 1);
    cr_assert_eq(filch_wait(fs, 3, FILCH_ALL, FILCH_FOREVER, done), 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(done[i], fs[i]);
    filch_future_release(doomed);
    strike_scene(&s);
}

Test(behaviour, b052_a_timeout_returns_what_is_done)
{
    struct scene s;
    filch_future *done[4];
    set_scene(&s, all_stand);
    int64_t soon = filch_after(FILCH_MS(2));
    cr_assert_eq(filch_wait(s.fs, 4, FILCH_ALL, soon, done), 0);
    cr_assert_eq(filch_wait(s.fs, 4, FILCH_FIRST, FILCH_POLL, done), 0);
    finish(&s, 2);
    soon = filch_after(FILCH_MS(2));
    cr_assert_eq(filch_wait(s.fs, 4, FILCH_ALL, soon, done), 1);
    cr_assert_eq(done[0], s.fs[2]);
    cr_assert_eq(filch_wait(s.fs, 4, FILCH_ALL, -1, NULL), 1);
    strike_scene(&s);
}

Test(behaviour, b053_no_wakeup_is_lost_while_registering)
{
    enum { COUNT = 100 };
    static filch_future *fs[COUNT];
    static const enum filch_wait_mode modes[] = {
        FILCH_ALL, FILCH_FIRST, FILCH_FIRST_FAILURE};
    filch_executor *ex = open_pool(4);
    for (int round = 0; round < 60; round++) {
        struct gate gate;
        gate_init(&gate);
        for (int i = 0; i < COUNT; i++)
            fs[i] = filch_submit(ex, i < 4 ? stand : nothing, &gate);
        gate_await(&gate, 4);
        gate_pass(&gate, 4);
        int final =
            filch_wait(fs, COUNT, modes[round % 3], FILCH_FOREVER, NULL);
        cr_assert_geq(final, round % 3 == 1 ? 1 : COUNT);
        for (int i = 0; i < COUNT; i++)
            cr_assert_eq(settle(fs[i]), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b054_futures_of_different_executors)
{
    filch_executor *ex[2] = {open_pool(1), open_pool(1)};
    filch_future *done[2];
    struct gate gate;
    gate_init(&gate);
    filch_future *fs[2] = {
        filch_submit(ex[0], stand, &gate), filch_submit(ex[1], burn, NULL)};
    cr_assert_eq(
        filch_wait(fs, 2, FILCH_FIRST_FAILURE, FILCH_FOREVER, done), 1);
    cr_assert_eq(done[0], fs[1]);
    gate_pass(&gate, 1);
    cr_assert_eq(filch_wait(fs, 2, FILCH_ALL, FILCH_FOREVER, done), 2);
    filch_future_release(fs[0]);
    filch_future_release(fs[1]);
    cr_assert_eq(filch_executor_close(ex[0]), 0);
    cr_assert_eq(filch_executor_close(ex[1]), 0);
}

Test(behaviour, b055_an_empty_list_returns_at_once)
{
    cr_assert_eq(filch_wait(NULL, 0, FILCH_ALL, FILCH_FOREVER, NULL), 0);
    cr_assert_eq(filch_wait(NULL, 0, FILCH_FIRST, FILCH_FOREVER, NULL), 0);
    cr_assert_eq(
        filch_wait(NULL, 0, FILCH_FIRST_FAILURE, FILCH_FOREVER, NULL), 0);
}

Test(wait, bad_arguments_are_refused)
{
    struct scene s;
    set_scene(&s, all_stand);
    filch_future *hole[2] = {s.fs[0], NULL};
    cr_assert_eq(filch_wait(NULL, 1, FILCH_ALL, FILCH_POLL, NULL), -EINVAL);
    cr_assert_eq(filch_wait(hole, 2, FILCH_ALL, FILCH_POLL, NULL), -EINVAL);
    cr_assert_eq(filch_wait(hole, 2, FILCH_FIRST, FILCH_POLL, NULL), -EINVAL);
    cr_assert_eq(filch_wait(s.fs, 4, (enum filch_wait_mode)9, FILCH_POLL, NULL),
        -EINVAL);
    cr_assert_eq(
        filch_wait(s.fs, SIZE_MAX, FILCH_ALL, FILCH_POLL, NULL), -EINVAL);
    cr_assert_eq(
        filch_wait(s.fs, (size_t)INT_MAX + 1, FILCH_ALL, FILCH_POLL, NULL),
        -EINVAL);
    strike_scene(&s);
}

Test(wait, many_with_the_done_list)
{
    enum { COUNT = 500 };
    static filch_future *fs[COUNT];
    static filch_future *done[COUNT];
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < COUNT; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_wait(fs, COUNT, FILCH_ALL, FILCH_FOREVER, done), COUNT);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_eq(done[i], fs[i]);
        filch_future_release(fs[i]);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}
