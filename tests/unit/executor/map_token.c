/* SPDX-License-Identifier: MIT */
/* Maps over an input and what stops them: tokens, deadlines, their own end. */
#include "../../support/gate.h"
#include "../../support/numbers.h"

#include <criterion/criterion.h>

TestSuite(map_token, .timeout = 120);

enum { COUNT = 40, ENDLESS = -1 };

static struct gate gate;

static filch_token *open_token(filch_token *parent, int64_t deadline)
{
    filch_token *token = NULL;
    cr_assert_eq(filch_token_open(&token, parent, deadline), 0);
    return token;
}

/* Numbers from 2 on stand at the gate. */
static int cube_or_stand(filch_ctx *cx, void *arg, void *result)
{
    int rc = cube_number(cx, arg, result);
    if (*(const int *)arg >= 2)
        stand_at(&gate);
    return rc;
}

Test(map_token, cancelled_by_hand)
{
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = ENDLESS};
        filch_executor *ex = open_pool(1);
        filch_token *token = open_token(NULL, FILCH_FOREVER);
        struct filch_map_options options = map_in(*order, &input);
        gate_init(&gate);
        atomic_store(&begun, 0);
        options.token = token;
        filch_map_stream *m = open_map(ex, cube_or_stand, &options);
        gate_await(&gate, 1);
        filch_token_cancel(token);
        gate_pass(&gate, 1);
        int read = input.read;
        /* number 2 was running: those behind it were through before it */
        for (int i = 0; i < (*order == FILCH_ORDERED ? 3 : 2); i++)
            cr_assert_eq(take_cube(m), i);
        cr_assert_eq(end_of(m), -ECANCELED);
        cr_assert_eq(input.read, read, "no more is read");
        cr_assert_eq(filch_map_close(m), 0);
        cr_assert_eq(atomic_load(&begun), 3);
        filch_token_release(token);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(map_token, of_a_cancelled_token_nothing_is_read)
{
    struct numbers input = {.count = ENDLESS};
    filch_executor *ex = open_pool(1);
    filch_token *token = open_token(NULL, filch_now() - 1);
    struct filch_map_options options = map_of(&input);
    options.token = token;
    filch_map_stream *m = open_map(ex, cube_number, &options);
    filch_token_release(token);
    cr_assert_eq(end_of(m), -ETIMEDOUT);
    cr_assert_eq(input.read, 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int run_until_told(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    give(&gate.arrived, 1);
    UNTIL(filch_stopping(cx));
    atomic_fetch_add(&begun, 1);
    return 0;
}

Test(map_token, close_tells_what_runs)
{
    struct numbers input = {.count = ENDLESS};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    filch_map_stream *m = open_map(ex, run_until_told, &options);
    gate_await(&gate, 2);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(atomic_load(&begun), 2);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_token, the_deadline_tells_what_runs)
{
    struct numbers input = {.count = ENDLESS};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    options.deadline = filch_after(FILCH_MS(20));
    filch_map_stream *m = open_map(ex, run_until_told, &options);
    UNTIL(atomic_load(&begun) == 2 || filch_now() > options.deadline);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_leq(atomic_load(&begun), 2, "none after it");
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* All that runs is to stop: the rest of the chunk does not start. */
Test(map_token, the_executor_tells_what_runs)
{
    struct numbers input = {.count = 3};
    size_t index;
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    options.chunk = 3;
    filch_map_stream *m = open_map(ex, run_until_told, &options);
    gate_await(&gate, 1);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_STOP_RUNNING, FILCH_FOREVER), 0);
    cr_assert_eq(filch_map_next(m, NULL, &index), 1);
    cr_assert_eq(index, 0);
    cr_assert_eq(end_of(m), -ECANCELED);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* In a task with a token: 1 if the map has it, too. */
static int is_stopped_with_task(filch_ctx *cx, void *named, void *result)
{
    struct numbers input = {.count = ENDLESS};
    struct filch_map_options options = map_of(&input);
    options.token = *(filch_token **)named;
    filch_map_stream *m =
        open_map(filch_ctx_executor(cx), cube_number, &options);
    (void)take_cube(m);
    filch_token_cancel(filch_ctx_token(cx));
    int rc = filch_map_next(m, NULL, NULL);
    while (rc == 1 && input.read < 1000)
        rc = filch_map_next(m, NULL, NULL);
    *(int *)result = rc == -ECANCELED;
    return filch_map_close(m);
}

Test(map_token, that_of_the_task_by_default)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2; i++) {
        filch_token *token = open_token(NULL, FILCH_FOREVER);
        filch_token *named = i ? FILCH_NO_TOKEN : NULL;
        filch_future *f = NULL;
        struct filch_submit_options options = {.token = token};
        cr_assert_eq(
            filch_submit_with(&f, ex, is_stopped_with_task, &named, &options),
            0);
        cr_assert_eq(int_result(f), i == 0);
        filch_future_release(f);
        filch_token_release(token);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static filch_future *children[2];

static int submit_child(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    children[*(const int *)arg] =
        filch_submit(filch_ctx_executor(cx), nothing, NULL);
    stand_at(&gate);
    return 0;
}

/* Both workers are at the gate: the children have not started. */
Test(map_token, what_items_submit_ends_with_the_map)
{
    struct numbers input = {.count = 2};
    filch_token *parent = open_token(NULL, FILCH_FOREVER);
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 2, .spares = FILCH_NO_SPARES});
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    options.token = parent;
    filch_map_stream *m = open_map(ex, submit_child, &options);
    gate_await(&gate, 2);
    filch_token_cancel(parent);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(filch_future_state(children[i]), FILCH_CANCELLED);
        filch_future_release(children[i]);
    }
    gate_pass(&gate, 2);
    cr_assert_eq(filch_map_close(m), 0);
    filch_token_release(parent);
    cr_assert_eq(filch_executor_close(ex), 0);
}
