/* SPDX-License-Identifier: MIT */
/*
 * Maps over an input, the behaviours: order, chunks, window, failures,
 * deadlines. Of filch_map() over arrays: map.c.
 */
#include "../../support/gate.h"
#include "../../support/numbers.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);

enum { COUNT = 40 };

/* One worker runs them in the order of their submits. */
Test(behaviour, b061_as_completed_the_finishing_order_is_kept)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_in(FILCH_AS_COMPLETED, &input);
    options.window = COUNT;
    filch_map_stream *m = open_map(ex, cube_number, &options);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(take_cube(m), i);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* All of them, in order. */
static void map_in_order(int workers, size_t window, size_t chunk)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(workers);
    struct filch_map_options options = map_of(&input);
    options.window = window;
    options.chunk = chunk;
    filch_map_stream *m = open_map(ex, cube_number, &options);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(take_cube(m), i, "window %zu, chunk %zu", window, chunk);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b062_lazily_the_same_values_in_the_same_order)
{
    map_in_order(1, 0, 0);
    map_in_order(2, 0, 0);
    map_in_order(4, 0, 0);
}

struct pair {
    const int *numbers;
    const char *text;
};

/* Two inputs of different lengths: the shorter one is the end. */
static int next_pair(void *data, void *item)
{
    struct pair *rest = data;
    if (*rest->numbers < 0 || !*rest->text)
        return 0;
    *(struct pair *)item = *rest;
    rest->numbers++;
    rest->text++;
    return 1;
}

static int letter_plus_number(filch_ctx *cx, void *arg, void *result)
{
    const struct pair *pair = arg;
    (void)cx;
    *(char *)result = (char)(*pair->text + *pair->numbers);
    return 0;
}

Test(behaviour, b062_several_inputs)
{
    static const int numbers[] = {1, 1, 1, 2, 2, -1};
    struct pair rest = {numbers, "HALdmWXYZ"};
    char letter, spelled[10] = "";
    filch_executor *ex = open_pool(2);
    filch_map_stream *m = open_map(ex, letter_plus_number,
        &(struct filch_map_options){.next_item = next_pair,
            .data = &rest,
            .item_bytes = sizeof(struct pair),
            .result_bytes = 1});
    while (filch_map_next(m, &letter, NULL) == 1)
        strncat(spelled, &letter, 1);
    cr_assert_str_eq(spelled, "IBMfo");
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b063_lazily_in_chunks)
{
    map_in_order(2, 0, 6);
    map_in_order(2, 0, 40);
    map_in_order(2, 0, 50);
}

/* What cannot be opened leaves no handle. */
static int refusal(size_t window, size_t chunk)
{
    struct numbers input = {.count = COUNT};
    filch_map_stream *m = (filch_map_stream *)(uintptr_t)16;
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_of(&input);
    options.window = window;
    options.chunk = chunk;
    int rc = filch_map_open(&m, ex, cube_number, &options);
    cr_assert_null(m);
    cr_assert_eq(input.read, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    return rc;
}

Test(behaviour, b063_a_negative_chunk_is_refused)
{
    cr_assert_eq(refusal(10, (size_t)-1), -EINVAL);
    cr_assert_eq(refusal(0, (size_t)-10), -EINVAL);
}

static int fail_at_25(filch_ctx *cx, void *arg, void *result)
{
    if (*(const int *)arg == 25)
        return filch_failf(cx, -ERANGE, "not %d", 25);
    return cube_number(cx, arg, result);
}

Test(behaviour, b064_lazily_those_before_the_failing_one)
{
    static const size_t chunks[] = {1, 6, COUNT};
    for (size_t i = 0; i < 3; i++) {
        struct numbers input = {.count = COUNT};
        size_t index = 0;
        filch_executor *ex = open_pool(1 + (int)i);
        struct filch_map_options options = map_of(&input);
        options.chunk = chunks[i];
        filch_map_stream *m = open_map(ex, fail_at_25, &options);
        for (int k = 0; k < 25; k++)
            cr_assert_eq(take_cube(m), k);
        cr_assert_eq(take_code(m, &index), -ERANGE);
        cr_assert_eq(index, 25);
        cr_assert_eq(filch_map_close(m), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(behaviour, b064_whoever_goes_on_gets_the_others)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    filch_map_stream *m = open_map(ex, fail_at_25, &options);
    for (int k = 0; k < COUNT; k++)
        if (k == 25)
            cr_assert_eq(take_code(m, NULL), -ERANGE);
        else
            cr_assert_eq(take_cube(m), k);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int64_t deadline;
static struct gate gate;

/* Number 4 outlasts the deadline. */
static int outlast_4(filch_ctx *cx, void *arg, void *result)
{
    if (*(const int *)arg == 4)
        UNTIL(filch_now() > deadline);
    return cube_number(cx, arg, result);
}

/* On one worker, so that nothing overtakes number 4: if that has begun (and it
 * has, unless the machine is very slow), the four before it come. Returns how
 * many came before the timeout. */
static int take_until_timeout(enum filch_map_order order)
{
    struct numbers input = {.count = -1};
    int taken = 0;
    long value;
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_of(&input);
    deadline = filch_after(FILCH_MS(300));
    options.deadline = deadline;
    options.order = order;
    options.window = COUNT;
    filch_map_stream *m = open_map(ex, outlast_4, &options);
    while (filch_map_next(m, &value, NULL) == 1)
        cr_assert_eq(value, cube_of(taken++));
    cr_assert_eq(end_of(m), -ETIMEDOUT);
    int read = input.read;
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(input.read, read);
    cr_assert_leq(atomic_load(&begun), 5, "nothing starts after the deadline");
    cr_assert(atomic_load(&begun) < 5 || taken >= 4, "%d came", taken);
    return taken;
}

Test(behaviour, b065_lazily_quick_items_then_the_timeout)
{
    cr_assert_leq(take_until_timeout(FILCH_ORDERED), 5);
}

Test(behaviour, b066_items_are_submitted_though_nobody_asks)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    options.window = COUNT;
    filch_map_stream *m = open_map(ex, cube_number, &options);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(atomic_load(&begun), COUNT);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(take_cube(m), i);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b066_and_an_array_is_done_when_the_call_returns)
{
    static int in[COUNT];
    static long out[COUNT];
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_map(ex, cube_number,
                     &(struct filch_map_spec){.in = in,
                         .in_stride = sizeof *in,
                         .out = out,
                         .out_stride = sizeof *out,
                         .count = COUNT}),
        0);
    cr_assert_eq(atomic_load(&begun), COUNT);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int stand_by_number(filch_ctx *cx, void *arg, void *result)
{
    int rc = cube_number(cx, arg, result);
    if (*(const int *)arg == 0)
        stand_at(&gate);
    return rc;
}

/* The first one stands at a gate when the deadline passes. */
Test(behaviour, b067_after_a_timeout_the_others_never_start)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(1);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    deadline = filch_after(FILCH_MS(20));
    options.deadline = deadline;
    filch_map_stream *m = open_map(ex, stand_by_number, &options);
    cr_assert_eq(end_of(m), -ETIMEDOUT);
    gate_pass(&gate, 1);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_leq(atomic_load(&begun), 1);
    cr_assert_eq(end_of(m), -ETIMEDOUT, "though it is done by now");
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Of a map over an array the same: nothing that runs is left, either. */
Test(behaviour, b067_after_a_timeout_of_an_array_the_others_never_start)
{
    static int in[COUNT];
    static long out[COUNT];
    size_t delivered = COUNT;
    filch_executor *ex = open_pool(1);
    for (int i = 0; i < COUNT; i++)
        in[i] = i;
    deadline = filch_after(FILCH_MS(300));
    cr_assert_eq(filch_map(ex, outlast_4,
                     &(struct filch_map_spec){.in = in,
                         .in_stride = sizeof *in,
                         .out = out,
                         .out_stride = sizeof *out,
                         .count = COUNT,
                         .chunk = 1,
                         .deadline = deadline,
                         .delivered = &delivered}),
        -ETIMEDOUT);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq((size_t)atomic_load(&begun), delivered);
    cr_assert_leq(delivered, 5);
}

static int number_read(size_t window, int count, enum filch_map_order order)
{
    struct numbers input = {.count = count};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    options.window = window;
    options.order = order;
    atomic_store(&begun, 0);
    filch_map_stream *m = open_map(ex, cube_number, &options);
    int first = input.read;
    UNTIL(atomic_load(&begun) == first); /* all that was read runs, */
    for (int taken = 1; taken <= count; taken++) {
        int expected = first + taken < count ? first + taken : count;
        (void)take_cube(m);
        cr_assert_eq(input.read, expected); /* one more per result */
        UNTIL(atomic_load(&begun) == expected);
    }
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    return first;
}

Test(behaviour, b068_no_more_than_the_window)
{
    FOR_BOTH_ORDERS(order)
    {
        cr_assert_eq(number_read(1, COUNT, *order), 1);
        cr_assert_eq(number_read(3, COUNT, *order), 3);
        cr_assert_eq(number_read(COUNT, COUNT, *order), COUNT);
        cr_assert_eq(number_read(3 * COUNT, COUNT, *order), COUNT);
        cr_assert_eq(number_read(0, COUNT, *order), 8, "4 for each worker");
    }
}

Test(behaviour, b068_a_negative_window_is_refused)
{
    cr_assert_eq(refusal((size_t)-1, 0), -EINVAL);
    cr_assert_eq(refusal((size_t)-100, 0), -EINVAL);
}

Test(behaviour, b069_window_by_chunk)
{
    static const size_t sizes[] = {1, 2, 9, 10, 11};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++)
            map_in_order(2, sizes[i], sizes[k]);
}

/* The values that came, each once. */
static void map_as_completed(size_t window, size_t chunk)
{
    struct numbers input = {.count = COUNT};
    int seen[COUNT] = {0};
    filch_executor *ex = open_pool(3);
    struct filch_map_options options = map_of(&input);
    options.window = window;
    options.chunk = chunk;
    options.order = FILCH_AS_COMPLETED;
    filch_map_stream *m = open_map(ex, cube_number, &options);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(seen[take_cube(m)]++, 0);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b070_as_completed_the_same_values)
{
    map_as_completed(0, 0);
    map_as_completed(1, 0);
    map_as_completed(COUNT, 0);
}

Test(behaviour, b071_as_completed_the_quick_ones_then_the_timeout)
{
    cr_assert_leq(take_until_timeout(FILCH_AS_COMPLETED), 5);
}

/* Number 0 stands at the gate until the others have come. */
Test(behaviour, b071_the_quick_ones_overtake_the_slow_one)
{
    struct numbers input = {.count = COUNT};
    filch_executor *ex = open_pool(2);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    options.order = FILCH_AS_COMPLETED;
    filch_map_stream *m = open_map(ex, stand_by_number, &options);
    for (int i = 1; i < COUNT; i++)
        cr_assert_neq(take_cube(m), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(take_cube(m), 0);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_at_3(filch_ctx *cx, void *arg, void *result)
{
    if (*(const int *)arg == 3)
        return -ERANGE;
    stand_at(&gate);
    return cube_number(cx, arg, result);
}

Test(behaviour, b072_as_completed_a_failure_may_come_first)
{
    struct numbers input = {.count = 4};
    size_t index = 0;
    filch_executor *ex = open_pool(4);
    struct filch_map_options options = map_of(&input);
    gate_init(&gate);
    options.order = FILCH_AS_COMPLETED;
    filch_map_stream *m = open_map(ex, fail_at_3, &options);
    cr_assert_eq(take_code(m, &index), -ERANGE);
    cr_assert_eq(index, 3);
    gate_pass(&gate, 3);
    for (int i = 0; i < 3; i++)
        (void)take_cube(m);
    cr_assert_eq(end_of(m), 0);
    cr_assert_eq(filch_map_close(m), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b073_as_completed_in_chunks)
{
    static const size_t sizes[] = {1, 2, 9, 10, 11, 50};
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++)
            map_as_completed(sizes[i], sizes[k]);
}
