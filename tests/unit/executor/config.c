/* SPDX-License-Identifier: MIT */
/* Opening: fields out of range, callers older and newer, worker counts. */
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(config, .timeout = 120);

static int open_rc(struct filch_config config)
{
    filch_executor *ex = (filch_executor *)(uintptr_t)16;
    int rc = filch_executor_open(&ex, &config);
    if (rc == 0)
        cr_assert_eq(filch_executor_close(ex), 0);
    else
        cr_assert_null(ex);
    return rc;
}

Test(behaviour, b005_worker_counts_out_of_range_are_refused)
{
    cr_assert_eq(open_rc((struct filch_config){.workers = -1}), -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.workers = INT_MIN}), -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.workers = INT_MAX}), -EINVAL);
    cr_assert_eq(
        open_rc((struct filch_config){.workers = FILCH_WORKERS_MAX + 1}),
        -EINVAL);
    cr_assert_eq(
        open_rc((struct filch_config){.workers = FILCH_WORKERS_MAX}), 0);
}

Test(config, other_fields_out_of_range_are_refused)
{
    cr_assert_eq(open_rc((struct filch_config){.spares = -2}), -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.spares = INT_MIN}), -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.spares = 1025}), -EINVAL);
    cr_assert_eq(
        open_rc((struct filch_config){.when_full = (enum filch_when_full)99}),
        -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.reserved = 1}), -EINVAL);
    cr_assert_eq(
        open_rc((struct filch_config){.stack_bytes = SIZE_MAX}), -EINVAL);
    cr_assert_eq(
        open_rc((struct filch_config){.stack_bytes = SIZE_MAX / 2}), -EINVAL);
    cr_assert_eq(open_rc((struct filch_config){.spares = FILCH_NO_SPARES}), 0);
    cr_assert_eq(
        open_rc((struct filch_config){.queue_limit = FILCH_UNBOUNDED}), 0);
}

Test(config, nowhere_to_put_the_handle)
{
    struct filch_config config = {.workers = 1};
    cr_assert_eq(filch_executor_open(NULL, &config), -EINVAL);
    cr_assert_eq(filch_executor_open(NULL, NULL), -EINVAL);
}

Test(config, null_is_the_defaults)
{
    filch_executor *ex = NULL;
    cr_assert_eq(filch_executor_open(&ex, NULL), 0);
    cr_assert_geq(filch_executor_workers(ex), 1);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct newer {
    struct filch_config known;
    long unknown[4];
};

Test(config, a_newer_caller)
{
    struct newer newer = {.known = {.workers = 3}};
    filch_executor *ex = NULL;
    cr_assert_eq(filch_executor_open_sized(&ex, &newer.known, sizeof newer), 0);
    cr_assert_eq(filch_executor_workers(ex), 3);
    cr_assert_eq(filch_executor_close(ex), 0);
    newer.unknown[3] = 1;
    cr_assert_eq(
        filch_executor_open_sized(&ex, &newer.known, sizeof newer), -E2BIG);
    cr_assert_null(ex);
}

/* Fields beyond the caller's size must not be read: they are nonsense here. */
Test(config, an_older_caller)
{
    struct filch_config older = {.workers = 2, .spares = -77};
    filch_executor *ex = NULL;
    cr_assert_eq(filch_executor_open_sized(
                     &ex, &older, offsetof(struct filch_config, spares)),
        0);
    cr_assert_eq(filch_executor_workers(ex), 2);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int default_workers(void)
{
    filch_executor *ex = NULL;
    cr_assert_eq(filch_executor_open(&ex, NULL), 0);
    int workers = filch_executor_workers(ex);
    cr_assert_eq(filch_executor_close(ex), 0);
    return workers;
}

Test(behaviour, b009_explicit_beats_environment_beats_default)
{
    cpu_set_t cpus;
    cr_assert_eq(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    unsetenv("FILCH_WORKERS");
    cr_assert_geq(default_workers(), 1);
    cr_assert_leq(default_workers(), CPU_COUNT(&cpus));
    setenv("FILCH_WORKERS", "7", 1);
    cr_assert_eq(default_workers(), 7);
    filch_executor *ex = open_pool(3);
    cr_assert_eq(filch_executor_workers(ex), 3);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b009_the_default_follows_affinity)
{
    cpu_set_t all;
    cpu_set_t one;
    unsetenv("FILCH_WORKERS");
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_assert_eq(default_workers(), 1);
}

/* As a file or a here-document may give it; empty is as if unset. */
Test(config, white_space_behind_the_number_in_the_environment)
{
    setenv("FILCH_WORKERS", "3 \n", 1);
    cr_assert_eq(default_workers(), 3);
    unsetenv("FILCH_WORKERS");
    int expected = default_workers();
    setenv("FILCH_WORKERS", "", 1);
    cr_assert_eq(default_workers(), expected);
}

static void expect_one_warning(const char *value)
{
    struct record log = RECORD_INIT;
    struct filch_config config = {.on_unobserved = record, .data = &log};
    filch_executor *ex = NULL;
    unsetenv("FILCH_WORKERS");
    int expected = default_workers();
    setenv("FILCH_WORKERS", value, 1);
    cr_assert_eq(filch_executor_open(&ex, &config), 0);
    cr_assert_eq(filch_executor_workers(ex), expected, "'%s'", value);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 1, "'%s': %d warnings", value, log.count);
    cr_assert_lt(log.code, 0);
    cr_assert_not_null(
        strstr(log.message, "FILCH_WORKERS"), "says '%s'", log.message);
}

Test(config, nonsense_in_the_environment_is_one_warning)
{
    static const char *const values[] = {"banana", "0", "-1", "4x", "1025",
        "99999999999999999999", "2.5", "0x10"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_one_warning(values[i]);
}

Test(config, an_explicit_count_does_not_read_the_environment)
{
    struct record log = RECORD_INIT;
    setenv("FILCH_WORKERS", "banana", 1);
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &log});
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 0);
}

Test(behaviour, b010_workers_are_advertised_until_shutdown)
{
    filch_executor *ex = open_pool(3);
    cr_assert_eq(filch_executor_workers(ex), 3);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_executor_workers(ex), 3);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_executor_workers(ex), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(config, nobody_has_no_workers)
{
    cr_assert_eq(filch_executor_workers(NULL), 0);
    cr_assert_eq(filch_executor_threads(NULL), 0);
    cr_assert_eq(filch_executor_pending(NULL), 0);
}

static int never(filch_ctx *cx, void *arg)
{
    (void)cx;
    (void)arg;
    abort();
}

/* Each call says why. */
static void expect_refusals(filch_executor *ex, int rc)
{
    filch_future *fs[2];
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), rc);
    cr_assert_eq(filch_submit_with(NULL, ex, nothing, NULL, NULL), rc);
    cr_assert_eq(filch_submit_many(fs, ex, nothing, NULL, 0, 2, NULL), rc);
    cr_assert_eq(settle(fs[0]), rc);
    cr_assert_eq(settle(fs[1]), rc);
    cr_assert_eq(filch_for_each_worker(ex, never, NULL, FILCH_FOREVER), rc);
    cr_assert_eq(filch_run(ex, never, NULL), rc);
    cr_assert_eq(filch_executor_workers(ex), 0);
    cr_assert_eq(filch_executor_threads(ex), 0);
    cr_assert_eq(filch_executor_pending(ex), 0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(config, an_executor_that_cannot_be_opened_refuses)
{
    struct newer newer = {.unknown = {1}};
    struct filch_config wrong = {.workers = -5};
    expect_refusals(filch_with_open(&wrong, sizeof wrong), -EINVAL);
    expect_refusals(filch_with_open(&newer.known, sizeof newer), -E2BIG);
}

Test(config, with_an_executor_that_cannot_be_opened)
{
    int blocks = 0;
    filch_with (ex, .workers = -5) {
        blocks++;
        cr_assert_not_null(ex);
        cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), -EINVAL);
        cr_assert_eq(filch_submit_with(NULL, ex, nothing, NULL, NULL), -EINVAL);
        cr_assert_eq(filch_executor_workers(ex), 0);
    }
    cr_assert_eq(blocks, 1);
}
