/* SPDX-License-Identifier: MIT */
/* Maps over an input, when the executor is full, broken, gone first, or came
 * through fork(). */
#include "../../support/blocks.h"
#include "../../support/child.h"
#include "../../support/gate.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(map_executor, .timeout = 120);

enum { COUNT = 40 };

static struct gate gate;

/* The executor ends first: what never ran says so, item by item, and then
 * why there is no more. */
Test(map_executor, a_shutdown_cancels_items)
{
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = -1};
        filch_executor *ex = open_pool(1);
        gate_init(&gate);
        filch_future *held = occupy(ex, &gate);
        struct filch_map_options options = map_of_blocks(*order, &input, 3);
        filch_map_stream *m = open_map(ex, copy_block, &options);
        cr_assert_eq(
            filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL),
            -ETIMEDOUT);
        gate_pass(&gate, 1);
        for (int i = 0; i < 16; i++) {
            size_t index = FILCH_NO_ITEM;
            cr_assert_eq(take_code(m, &index), -ECANCELED);
            cr_assert_lt(index, 16);
        }
        cr_assert_eq(end_of(m), FILCH_ESHUTDOWN);
        cr_assert_eq(settle(held), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
        cr_assert_eq(filch_map_close(m), 0, "after the executor");
        cr_assert_eq(atomic_load(&items_alive), 0);
    }
}

Test(map_executor, after_shutdown)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    struct filch_map_options options = map_of_blocks(0, &input, 1);
    options.window = 0;
    filch_map_stream *m = open_map(ex, copy_block, &options);
    cr_assert_eq(end_of(m), FILCH_ESHUTDOWN);
    cr_assert_eq(input.read, 1);
    cr_assert_eq(atomic_load(&items_alive), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int refuse_start(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -EIO, "no licence");
}

Test(map_executor, the_executor_breaks)
{
    struct record log = RECORD_INIT;
    struct numbers input = {.count = COUNT};
    int rc;
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = refuse_start,
        .on_unobserved = record,
        .data = &log});
    struct filch_map_options options = map_of_blocks(0, &input, 1);
    filch_map_stream *m = open_map(ex, copy_block, &options);
    size_t index = 0;
    while ((rc = take_code(m, &index)) && index != FILCH_NO_ITEM)
        cr_assert_eq(rc, FILCH_EBROKEN);
    cr_assert_eq(rc, FILCH_EBROKEN);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(atomic_load(&items_alive), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(record_count(&log), 1, "the start hook alone");
}

/* The worker stands at a gate and the queue has room for four: how many items
 * were read. */
static int read_into_full_queue(
    enum filch_when_full when_full, filch_map_stream **m, filch_executor **ex)
{
    static struct numbers input;
    input = (struct numbers){.count = COUNT};
    gate_init(&gate);
    *ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 4, .when_full = when_full});
    filch_future *held = occupy(*ex, &gate);
    struct filch_map_options options = map_of(&input);
    options.window = 10;
    *m = open_map(*ex, cube_number, &options);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    return input.read;
}

Test(map_executor, a_full_queue_that_rejects)
{
    filch_map_stream *m;
    filch_executor *ex;
    cr_assert_eq(read_into_full_queue(FILCH_REJECT, &m, &ex), 5);
    take_all(m, 4);
    cr_assert_eq(end_of(m), -EAGAIN);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_executor, a_full_queue_that_drops)
{
    filch_map_stream *m;
    filch_executor *ex;
    cr_assert_eq(read_into_full_queue(FILCH_DROP_OLDEST, &m, &ex), 10);
    for (size_t i = 0; i < COUNT; i++) {
        size_t index = 0;
        long value;
        int rc = filch_map_next(m, &value, &index);
        cr_assert_eq(index, i);
        if (i < 6) /* later ones may be too many, or not */
            cr_assert_eq(rc, FILCH_EDROPPED);
        else
            cr_assert(rc == FILCH_EDROPPED || rc == 1);
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_executor, a_full_queue_that_runs_here)
{
    filch_map_stream *m;
    filch_executor *ex;
    cr_assert_eq(read_into_full_queue(FILCH_RUN_HERE, &m, &ex), 10);
    take_all(m, COUNT);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int use_in_child(void *arg)
{
    filch_map_stream *m = arg;
    size_t index = 0;
    if (take_cube(m) != 0)
        return 1;
    if (take_code(m, &index) != FILCH_EFORKED || index != FILCH_NO_ITEM)
        return 2;
    return filch_map_close(m);
}

static int cube_but_stand_at_1(filch_ctx *cx, void *arg, void *result)
{
    if (*(const int *)arg == 1)
        stand_at(&gate);
    return cube_number(cx, arg, result);
}

/* What was complete is there in the child, in the order of the input. */
Test(map_executor, in_a_child_of_fork)
{
    struct numbers input = {.count = COUNT};
    struct child child;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    struct filch_map_options options = map_of(&input);
    filch_map_stream *m = open_map(ex, cube_but_stand_at_1, &options);
    gate_await(&gate, 1);
    run_child(&child, use_in_child, m);
    cr_assert_eq(child.status, 0, "%d %s", child.status, child.err);
    gate_pass(&gate, 1);
    take_all(m, COUNT);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
