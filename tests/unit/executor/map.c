/* SPDX-License-Identifier: MIT */
/* filch_map over arrays: order, chunks, failures, deadlines, bad input. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <limits.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(map, .timeout = 120);

enum { COUNT = 40 };

static int in[COUNT];
static long out[COUNT];
static size_t delivered;

static int cube(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    long n = *(const int *)arg;
    *(long *)result = n * n * n;
    return 0;
}

static struct filch_map_spec whole(size_t chunk)
{
    for (int i = 0; i < COUNT; i++) {
        in[i] = i + 1;
        out[i] = -1;
    }
    delivered = 999;
    return (struct filch_map_spec){.in = in,
        .in_stride = sizeof *in,
        .out = out,
        .out_stride = sizeof *out,
        .count = COUNT,
        .chunk = chunk,
        .delivered = &delivered};
}

static void check_cubes(size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(out[i], (long)in[i] * in[i] * in[i], "item %zu", i);
}

static void map_in_chunks(int workers, size_t chunk)
{
    filch_executor *ex = open_pool(workers);
    struct filch_map_spec spec = whole(chunk);
    cr_assert_eq(filch_map(ex, cube, &spec), 0);
    check_cubes(COUNT);
    cr_assert_eq(delivered, COUNT);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The arrays are the caller's again when filch_map() returns. */
Test(behaviour, b008_map_keeps_nothing_of_the_arrays)
{
    filch_executor *ex = open_pool(2);
    for (int round = 0; round < 50; round++) {
        int *ints = malloc(COUNT * sizeof *ints);
        long *longs = malloc(COUNT * sizeof *longs);
        for (int i = 0; i < COUNT; i++)
            ints[i] = i;
        struct filch_map_spec spec = {.in = ints,
            .in_stride = sizeof *ints,
            .out = longs,
            .out_stride = sizeof *longs,
            .count = COUNT,
            .chunk = 1};
        cr_assert_eq(filch_map(ex, cube, &spec), 0);
        memset(ints, 0xAA, COUNT * sizeof *ints);
        memset(longs, 0xAA, COUNT * sizeof *longs);
        free(ints);
        free(longs);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b062_same_values_in_the_same_order)
{
    map_in_chunks(1, 0);
    map_in_chunks(2, 0);
    map_in_chunks(4, 1);
}

Test(behaviour, b063_chunk_sizes)
{
    map_in_chunks(2, 6);
    map_in_chunks(2, 40);
    map_in_chunks(2, 50);
    map_in_chunks(2, SIZE_MAX);
}

static atomic_int started;

static int cube_but_not_25(filch_ctx *cx, void *arg, void *result)
{
    atomic_fetch_add(&started, 1);
    if (*(const int *)arg == 25)
        return -ERANGE;
    return cube(cx, arg, result);
}

Test(behaviour, b064_items_before_the_failing_one_are_delivered)
{
    static const size_t chunks[] = {1, 6, COUNT};
    for (int i = 0; i < 3; i++) {
        filch_executor *ex = open_pool(1);
        struct filch_map_spec spec = whole(chunks[i]);
        cr_assert_eq(filch_map(ex, cube_but_not_25, &spec), -ERANGE);
        cr_assert_eq(delivered, 24, "%zu", delivered);
        check_cubes(24);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(behaviour, b064_with_several_workers)
{
    filch_executor *ex = open_pool(4);
    for (int round = 0; round < 50; round++) {
        struct filch_map_spec spec = whole(1);
        cr_assert_eq(filch_map(ex, cube_but_not_25, &spec), -ERANGE);
        cr_assert_eq(delivered, 24);
        check_cubes(24);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_by_index(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return *(const int *)arg > 10 ? -1000 - *(const int *)arg : 0;
}

Test(map, the_first_failure_by_index)
{
    filch_executor *ex = open_pool(1);
    struct filch_map_spec spec = whole(4);
    cr_assert_eq(filch_map(ex, fail_by_index, &spec), -1011);
    cr_assert_eq(delivered, 10);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int run_out_at_25(filch_ctx *cx, void *arg, void *result)
{
    return *(const int *)arg == 25 ? -ENOMEM : cube(cx, arg, result);
}

/* A task's failure is not taken for one of the map. */
Test(map, an_item_that_runs_out_of_memory)
{
    filch_executor *ex = open_pool(1);
    struct filch_map_spec spec = whole(1);
    cr_assert_eq(filch_map(ex, run_out_at_25, &spec), -ENOMEM);
    cr_assert_eq(delivered, 24);
    check_cubes(24);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct slow {
    int64_t deadline;
    int number;
};

static atomic_int slow_started;
static atomic_int slow_finished;

/* Number 4 outlasts the deadline. */
static int outlast(filch_ctx *cx, void *arg, void *result)
{
    const struct slow *slow = arg;
    (void)cx;
    atomic_fetch_add(&slow_started, 1);
    if (slow->number == 4)
        UNTIL(filch_now() > slow->deadline);
    *(int *)result = slow->number;
    atomic_fetch_add(&slow_finished, 1);
    return 0;
}

Test(behaviour, b065_quick_items_then_the_timeout)
{
    struct slow items[COUNT];
    int numbers[COUNT];
    filch_executor *ex = open_pool(1);
    int64_t deadline = filch_after(FILCH_MS(300));
    for (int i = 0; i < COUNT; i++) {
        items[i] = (struct slow){deadline, i};
        numbers[i] = -1;
    }
    struct filch_map_spec spec = {.in = items,
        .in_stride = sizeof *items,
        .out = numbers,
        .out_stride = sizeof *numbers,
        .count = COUNT,
        .chunk = 1,
        .deadline = deadline,
        .delivered = &delivered};
    cr_assert_eq(filch_map(ex, outlast, &spec), -ETIMEDOUT);
    cr_assert_eq(delivered, (size_t)atomic_load(&slow_finished));
    cr_assert_eq(atomic_load(&slow_started), atomic_load(&slow_finished));
    cr_assert_leq(delivered, 5, "nothing starts after the deadline");
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(numbers[i], i < (int)delivered ? i : -1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map, a_deadline_that_has_passed_starts_nothing)
{
    filch_executor *ex = open_pool(2);
    struct filch_map_spec spec = whole(0);
    spec.deadline = filch_now() - 1;
    cr_assert_eq(filch_map(ex, cube_but_not_25, &spec), -ETIMEDOUT);
    cr_assert_eq(delivered, 0);
    cr_assert_eq(atomic_load(&started), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int map_inside(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    struct filch_map_spec spec = whole(3);
    return filch_map(filch_ctx_executor(cx), cube, &spec);
}

Test(map, in_a_task_of_a_pool_of_one)
{
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    cr_assert_eq(settle(filch_submit(ex, map_inside, NULL)), 0);
    check_cubes(COUNT);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map, nothing_to_do)
{
    filch_executor *ex = open_pool(1);
    struct filch_map_spec spec = {.delivered = &delivered};
    delivered = 5;
    cr_assert_eq(filch_map(ex, cube, &spec), 0);
    cr_assert_eq(delivered, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int no_result(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    atomic_fetch_add(&started, *(const int *)arg);
    return result == NULL ? 0 : -EFAULT;
}

Test(map, without_results)
{
    filch_executor *ex = open_pool(2);
    struct filch_map_spec spec = whole(0);
    spec.out = NULL;
    cr_assert_eq(filch_map(ex, no_result, &spec), 0);
    cr_assert_eq(atomic_load(&started), COUNT * (COUNT + 1) / 2);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map, bad_arguments_are_refused)
{
    filch_executor *ex = open_pool(1);
    struct filch_map_spec spec = whole(0);
    cr_assert_eq(filch_map(NULL, cube, &spec), -EINVAL);
    cr_assert_eq(filch_map(ex, NULL, &spec), -EINVAL);
    cr_assert_eq(filch_map(ex, cube, NULL), -EINVAL);
    spec.in = NULL;
    cr_assert_eq(filch_map(ex, cube, &spec), -EINVAL);
    spec = whole(0);
    spec.count = SIZE_MAX / 2;
    cr_assert_eq(filch_map(ex, cube, &spec), -EINVAL);
    spec = whole(0);
    spec.in_stride = SIZE_MAX / 2;
    cr_assert_eq(filch_map(ex, cube, &spec), -EINVAL);
    spec = whole(0);
    spec.out_stride = SIZE_MAX / 2;
    cr_assert_eq(filch_map(ex, cube, &spec), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct newer {
    struct filch_map_spec known;
    long unknown;
};

Test(map, callers_older_and_newer)
{
    filch_executor *ex = open_pool(1);
    struct newer newer = {.known = whole(0)};
    cr_assert_eq(filch_map_sized(ex, cube, &newer.known, sizeof newer), 0);
    check_cubes(COUNT);
    newer.unknown = 1;
    cr_assert_eq(filch_map_sized(ex, cube, &newer.known, sizeof newer), -E2BIG);
    struct filch_map_spec older = whole(0);
    older.chunk = SIZE_MAX;
    older.deadline = 1;
    older.delivered = (size_t *)(uintptr_t)8;
    cr_assert_eq(filch_map_sized(
                     ex, cube, &older, offsetof(struct filch_map_spec, chunk)),
        0);
    check_cubes(COUNT);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(map, after_shutdown)
{
    filch_executor *ex = open_pool(1);
    struct filch_map_spec spec = whole(0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_map(ex, cube, &spec), FILCH_ESHUTDOWN);
    cr_assert_eq(delivered, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct call {
    filch_executor *ex;
    struct filch_map_spec spec;
};

static int call_map(void *arg)
{
    struct call *call = arg;
    return filch_map(call->ex, cube_but_not_25, &call->spec);
}

/* What never ran is not delivered, and the map says why. */
Test(map, a_shutdown_cancels_it)
{
    struct gate gate;
    struct reader reader;
    struct call call = {open_pool(1), whole(1)};
    gate_init(&gate);
    filch_future *held = occupy(call.ex, &gate);
    reader_start(&reader, call_map, &call);
    cr_assert_eq(
        filch_executor_shutdown(call.ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&gate, 1);
    int rc = reader_join(&reader);
    cr_assert(rc == -ECANCELED || rc == FILCH_ESHUTDOWN, "%d", rc);
    cr_assert_eq(delivered, 0);
    cr_assert_eq(atomic_load(&started), 0);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(call.ex), 0);
}

static int refuse_start(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -EIO, "no licence");
}

Test(map, the_executor_breaks)
{
    struct record log = RECORD_INIT;
    struct filch_map_spec spec = whole(1);
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = refuse_start,
        .on_unobserved = record,
        .data = &log});
    cr_assert_eq(filch_map(ex, cube_but_not_25, &spec), FILCH_EBROKEN);
    cr_assert_eq(delivered, 0);
    cr_assert_eq(atomic_load(&started), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int map_cubes(void *arg)
{
    struct call *call = arg;
    return filch_map(call->ex, cube, &call->spec);
}

/* The map is called while the worker stands at a gate: the queue is full
 * before all items are in it. */
static int map_into_full_queue(enum filch_when_full when_full)
{
    struct gate gate;
    struct reader reader;
    struct call call = {.spec = whole(1)};
    gate_init(&gate);
    call.ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 4, .when_full = when_full});
    filch_future *held = occupy(call.ex, &gate);
    reader_start(&reader, map_cubes, &call);
    UNTIL(filch_executor_pending(call.ex) == 4);
    gate_pass(&gate, 1);
    int rc = reader_join(&reader);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(call.ex), 0);
    check_cubes(delivered);
    return rc;
}

Test(map, a_full_queue)
{
    cr_assert_eq(map_into_full_queue(FILCH_BLOCK), 0);
    cr_assert_eq(delivered, COUNT);
    cr_assert_eq(map_into_full_queue(FILCH_RUN_HERE), 0);
    cr_assert_eq(delivered, COUNT);
    cr_assert_eq(map_into_full_queue(FILCH_REJECT), -EAGAIN);
    cr_assert_eq(delivered, 4);
    cr_assert_eq(map_into_full_queue(FILCH_DROP_OLDEST), FILCH_EDROPPED);
    cr_assert_eq(delivered, 0);
}
