/* SPDX-License-Identifier: MIT */
/* Maps over an input: opened and taken in tasks, of each other, closed
 * early. */
#include "../../support/blocks.h"
#include "../../support/gate.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>

TestSuite(map_life, .timeout = 120);

enum { COUNT = 40 };

Test(map_life, an_empty_input)
{
    filch_executor *ex = open_pool(1);
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = 0};
        struct filch_map_options options = map_in(*order, &input);
        filch_map_stream *m = open_map(ex, cube_number, &options);
        cr_assert_eq(end_of(m), 0);
        cr_assert_eq(filch_map_close(m), 0);
    }
    cr_assert_eq(filch_map_close(NULL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_life, what_precedes_a_failing_input_is_delivered)
{
    filch_executor *ex = open_pool(2);
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = 21, .code = -EIO};
        struct filch_failure why;
        struct filch_map_options options = map_in(*order, &input);
        options.chunk = 2;
        filch_map_stream *m = open_map(ex, cube_number, &options);
        take_all(m, 21);
        cr_assert_eq(filch_map_failure(m, &why), 0);
        cr_assert_eq(end_of(m), -EIO);
        cr_assert_eq(filch_map_failure(m, &why), -EIO);
        cr_assert_eq(why.code, -EIO);
        cr_assert_str_eq(why.message, filch_strerror(-EIO));
        cr_assert_eq(filch_map_close(m), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Takes `count`, every third one without asking for it, and closes. */
static void take_some_blocks(
    filch_executor *ex, int count, const struct filch_map_options *options)
{
    filch_map_stream *m = open_map(ex, copy_block, options);
    for (int i = 0; i < count; i++) {
        int *taken = NULL;
        int rc = filch_map_next(m, i % 3 ? &taken : NULL, NULL);
        cr_assert(rc == 1 || rc == -ERANGE);
        cr_assert_eq(taken != NULL, rc == 1 && i % 3);
        if (taken)
            free_result(&taken);
    }
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(atomic_load(&items_alive), 0);
    cr_assert_eq(atomic_load(&results_alive), 0);
}

Test(map_life, each_item_and_result_is_destroyed_once)
{
    filch_executor *ex = open_pool(2);
    FOR_BOTH_ORDERS(order)
    {
        for (int taken = 0; taken <= COUNT; taken += 5)
            for (size_t chunk = 1; chunk <= 16; chunk += 5) {
                struct numbers input = {.count = COUNT};
                struct filch_map_options options =
                    map_of_blocks(*order, &input, chunk);
                take_some_blocks(ex, taken, &options);
            }
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Nothing of a map over an endless input runs: the worker is busy. */
Test(map_life, closed_before_anything_has_started)
{
    struct gate gate;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = -1};
        struct filch_map_options options = map_of_blocks(*order, &input, 3);
        filch_map_stream *m = open_map(ex, copy_block, &options);
        cr_assert_eq(atomic_load(&items_alive), 16);
        cr_assert_eq(filch_map_close(m), 0);
        cr_assert_eq(atomic_load(&items_alive), 0);
    }
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static struct gate gate;
static atomic_int through;

static int stand_and_count(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    stand_at(&gate);
    atomic_fetch_add(&through, 1);
    return 0;
}

static int close_map(void *m)
{
    return filch_map_close(m);
}

/* Of a chunk of ten one runs: it is waited for, and the others do not. */
Test(map_life, closed_while_an_item_runs)
{
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    FOR_BOTH_ORDERS(order)
    {
        struct numbers input = {.count = -1};
        struct reader reader;
        struct filch_map_options options = map_in(*order, &input);
        options.chunk = 10;
        options.window = 20;
        atomic_store(&through, 0);
        filch_map_stream *m = open_map(ex, stand_and_count, &options);
        gate_await(&gate, 1);
        reader_start(&reader, close_map, m);
        gate_pass(&gate, 1);
        cr_assert_eq(reader_join(&reader), 0);
        cr_assert_eq(atomic_load(&through), 1);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* In a task: opens, takes all, closes. */
static int map_inside(filch_ctx *cx, void *arg, void *result)
{
    const enum filch_map_order *order = arg;
    struct numbers input = {.count = COUNT};
    struct filch_map_options options = map_in(*order, &input);
    filch_map_stream *m =
        open_map(filch_ctx_executor(cx), cube_number, &options);
    take_all(m, COUNT);
    *(int *)result = end_of(m);
    return filch_map_close(m);
}

Test(map_life, in_a_task_of_a_pool_of_one)
{
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    FOR_BOTH_ORDERS(order)
    cr_assert_eq(int_result(filch_submit(ex, map_inside, order)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* An item is a map of its own. */
static int sum_of_map(filch_ctx *cx, void *arg, void *result)
{
    struct numbers input = {.count = *(const int *)arg};
    struct filch_map_options options = map_in(orders[input.count % 2], &input);
    long value;
    int rc;
    filch_map_stream *m =
        open_map(filch_ctx_executor(cx), cube_number, &options);
    while ((rc = filch_map_next(m, &value, NULL)) == 1)
        *(long *)result += value;
    return filch_map_close(m) + rc;
}

static void map_of_maps(int workers, int spares)
{
    struct numbers input = {.count = COUNT};
    long sum = 0, value;
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = spares});
    struct filch_map_options options = map_of(&input);
    filch_map_stream *m = open_map(ex, sum_of_map, &options);
    for (long i = 0; i < COUNT; i++) {
        cr_assert_eq(filch_map_next(m, &value, NULL), 1);
        cr_assert_eq(value, sum);
        sum += cube_of(i);
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map_life, maps_in_a_map)
{
    map_of_maps(1, FILCH_NO_SPARES);
    map_of_maps(3, 0);
}

static int next_of_map(void *m, void *item)
{
    return filch_map_next(m, item, NULL);
}

static int negate(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    *(long *)result = -*(const long *)arg;
    return 0;
}

/* A map is the input of another one; what ends the first ends the second. */
Test(map_life, a_map_of_a_map)
{
    struct numbers input = {.count = COUNT, .code = -EPIPE};
    long value;
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    filch_map_stream *first = open_map(ex, cube_number, &options);
    filch_map_stream *second = open_map(ex, negate,
        &(struct filch_map_options){.next_item = next_of_map,
            .data = first,
            .item_bytes = sizeof(long),
            .result_bytes = sizeof(long)});
    for (long i = 0; i < COUNT; i++) {
        cr_assert_eq(filch_map_next(second, &value, NULL), 1);
        cr_assert_eq(value, -cube_of(i));
    }
    cr_assert_eq(end_of(second), -EPIPE);
    cr_assert_eq(filch_map_close(second), 0);
    cr_assert_eq(filch_map_close(first), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The task that takes, and an item that waits for it. */
struct circle {
    enum filch_map_order order;
    filch_future *taker;
    struct gate gate;
    atomic_int told; /* -EDEADLK */
};

static struct circle circle;

static int wait_for_taker(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    stand_at(&circle.gate);
    int rc = outcome(circle.taker);
    atomic_fetch_add(&circle.told, rc == -EDEADLK);
    return rc;
}

static int take_from_circle(filch_ctx *cx, void *arg, void *result)
{
    struct numbers input = {.count = 1};
    struct filch_map_options options = map_in(circle.order, &input);
    int rc;
    (void)arg;
    (void)result;
    filch_map_stream *m =
        open_map(filch_ctx_executor(cx), wait_for_taker, &options);
    gate_await(&circle.gate, 1);
    gate_pass(&circle.gate, 1);
    /* The item is told, too, and ends: it may be asked for again. */
    while ((rc = filch_map_next(m, NULL, NULL)) == -EDEADLK &&
           !atomic_load(&circle.told))
        ;
    cr_assert_eq(filch_map_close(m), 0);
    return rc;
}

Test(map_life, a_circle_is_told_to_all)
{
    filch_executor *ex = open_pool(2);
    gate_init(&circle.gate);
    FOR_BOTH_ORDERS(order)
    {
        circle.order = *order;
        atomic_store(&circle.told, 0);
        cr_assert_eq(
            filch_submit_with(&circle.taker, ex, take_from_circle, NULL, NULL),
            0);
        cr_assert_eq(settle(circle.taker), -EDEADLK);
        cr_assert_eq(atomic_load(&circle.told), 1);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int close_in_circle(filch_ctx *cx, void *arg, void *result)
{
    struct numbers input = {.count = 1};
    struct filch_map_options options = map_in(circle.order, &input);
    (void)arg;
    (void)result;
    filch_map_stream *m =
        open_map(filch_ctx_executor(cx), wait_for_taker, &options);
    gate_await(&circle.gate, 1);
    gate_pass(&circle.gate, 1);
    cr_assert_eq(filch_map_close(m), 0);
    return atomic_load(&circle.told);
}

Test(map_life, closed_by_whom_an_item_waits_for)
{
    filch_executor *ex = open_pool(2);
    gate_init(&circle.gate);
    FOR_BOTH_ORDERS(order)
    {
        circle.order = *order;
        atomic_store(&circle.told, 0);
        cr_assert_eq(
            filch_submit_with(&circle.taker, ex, close_in_circle, NULL, NULL),
            0);
        cr_assert_eq(settle(circle.taker), 0);
        cr_assert_eq(atomic_load(&circle.told), 1);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static filch_map_stream *own_map;

static int close_own_map(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    stand_at(&gate);
    *(int *)result = filch_map_close(own_map);
    return 0;
}

Test(map_life, an_item_cannot_close_its_map)
{
    struct numbers input = {.count = 1};
    int rc = 0;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    struct filch_map_options options = map_of(&input);
    options.result_bytes = sizeof rc;
    own_map = open_map(ex, close_own_map, &options);
    gate_pass(&gate, 1);
    cr_assert_eq(filch_map_next(own_map, &rc, NULL), 1);
    cr_assert_eq(rc, -EDEADLK);
    cr_assert_eq(filch_map_close(own_map), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
