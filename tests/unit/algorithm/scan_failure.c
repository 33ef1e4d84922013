/* SPDX-License-Identifier: MIT */
/* filch_scan that fails: the failure that a serial loop would have met, and all
 * before it has been written. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(scan_failure, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 5000 };

/* Where fold, and where write fails: at each number from there on. */
struct plan {
    struct company company;
    size_t count, bad_fold, bad_write;
    int is_reproducible, is_silent;
    atomic_uchar written[MOST];
};

static struct plan plan;

static int fail(filch_ctx *cx, const char *where, size_t i)
{
    int code = -1 - (int)i;
    return plan.is_silent && *where == 'w'
               ? code
               : filch_failf(cx, code, "%s %zu", where, i);
}

static int fold(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)arg;
    company_meet(&plan.company);
    for (size_t i = begin; i < end; i++) {
        if (i >= plan.bad_fold) {
            *(size_t *)sum = SIZE_MAX; /* broken: for nobody to use */
            return fail(cx, "fold", i);
        }
        *(size_t *)sum += i;
    }
    return 0;
}

static int write(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)arg;
    company_meet(&plan.company);
    for (size_t i = begin; i < end; i++) {
        MUST(*(size_t *)sum == i * (i - 1) / 2 || i == 0);
        if (i >= plan.bad_write)
            return fail(cx, "write", i);
        MUST(i >= MOST || atomic_fetch_add(&plan.written[i], 1) == 0);
        *(size_t *)sum += i;
    }
    return 0;
}

static void add(void *left, const void *right, void *arg)
{
    (void)arg;
    MUST(*(const size_t *)right != SIZE_MAX);
    *(size_t *)left += *(const size_t *)right;
}

static int scan(filch_ctx *cx, void *frame)
{
    const struct filch_sum sum = {.fold = fold,
        .combine = add,
        .bytes = sizeof(size_t),
        .is_reproducible = plan.is_reproducible};
    (void)frame;
    return filch_scan(filch_ctx_executor(cx), 0, plan.count, &sum, write, NULL);
}

static int scan_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct company_call call = {&plan.company, scan, NULL};
    (void)arg;
    (void)result;
    return company_begin(cx, &call);
}

static void draw_up(size_t count, size_t bad_fold, size_t bad_write)
{
    plan.count = count;
    plan.bad_fold = bad_fold;
    plan.bad_write = bad_write;
    memset(plan.written, 0, sizeof plan.written);
}

static void expect_failure(filch_executor *ex)
{
    size_t bad =
        plan.bad_fold < plan.bad_write ? plan.bad_fold : plan.bad_write;
    struct filch_failure why;
    filch_future *f = filch_submit(ex, scan_in_task, NULL);
    int rc = filch_future_failure(f, FILCH_FOREVER, &why);
    cr_assert_eq(rc, -1 - (int)bad, "%d, not number %zu", rc, bad);
    const char *said = plan.bad_fold < plan.bad_write ? "fold"
                       : plan.is_silent               ? filch_strerror(rc)
                                                      : "write";
    cr_assert_eq(
        strncmp(why.message, said, strlen(said)), 0, "said '%s'", why.message);
    filch_future_release(f);
    for (size_t i = 0; i < bad && i < MOST; i++)
        cr_assert_eq(atomic_load(&plan.written[i]), 1, "number %zu", i);
}

/* Both fail at the same number; or only what writes does. */
Test(scan_failure, the_first_one)
{
    for (int i = 0; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        plan.is_reproducible = i % 2;
        company_init(&plan.company, false);
        for (size_t bad = 0; bad < MOST; bad = bad * 3 + 1) {
            draw_up(MOST, bad, bad);
            expect_failure(ex);
            draw_up(MOST, SIZE_MAX, bad);
            expect_failure(ex);
            draw_up(SIZE_MAX, bad, bad);
            expect_failure(ex);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* The right half is folded by another one. */
static void fail_in_company(filch_executor *ex, size_t fold_at, size_t write_at)
{
    company_init(&plan.company, true);
    draw_up(20, fold_at, write_at);
    expect_failure(ex);
}

Test(scan_failure, of_a_thief)
{
    for (int i = 2; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        plan.is_reproducible = i % 2;
        for (size_t bad = 10; bad < 20; bad++) {
            fail_in_company(ex, bad, bad);
            fail_in_company(ex, bad, bad + 1);
            fail_in_company(ex, bad, SIZE_MAX);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* What has been folded is still to be written, and fails before: with a message
 * of its own, or none. */
Test(scan_failure, of_what_was_folded_well)
{
    for (int i = 0; i < 4 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 4]);
        plan.is_reproducible = i % 2;
        plan.is_silent = i / 2 % 2;
        for (size_t bad = 1; bad < 20 && i >= 4; bad++) {
            fail_in_company(ex, 19, bad);
            fail_in_company(ex, 17, bad < 17 ? bad : 16);
            fail_in_company(ex, SIZE_MAX, bad);
        }
        plan.is_silent = 0;
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Told to stop, between the two loops, or in the second one. */
struct stop {
    struct company company;
    size_t at;
    atomic_bool is_told;
};

static int stop_fold(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct stop *stop = arg;
    (void)sum;
    company_meet(&stop->company);
    MUST(!filch_stopping(cx));
    if (begin <= stop->at && stop->at < end) {
        MUST(filch_executor_shutdown(filch_ctx_executor(cx), FILCH_STOP_RUNNING,
                 FILCH_POLL) == -ETIMEDOUT);
        atomic_store(&stop->is_told, true);
    }
    return 0;
}

static int stop_write(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct stop *stop = arg;
    (void)cx;
    (void)end;
    (void)sum;
    company_meet(&stop->company);
    if (begin == 0)
        UNTIL(atomic_load(&stop->is_told));
    return 0;
}

static int scan_until_stop(filch_ctx *cx, void *frame)
{
    struct stop *stop = frame;
    const struct filch_sum sum = {
        .fold = stop_fold, .combine = add, .arg = stop, .bytes = 8};
    return filch_scan(filch_ctx_executor(cx), 0, 2, &sum, stop_write, NULL);
}

Test(scan_failure, told_to_stop)
{
    for (int i = 0; i < 20; i++) {
        filch_executor *ex = open_pool(2);
        struct stop stop = {.at = 1};
        company_init(&stop.company, true);
        cr_assert_eq(
            company_run(ex, &stop.company, scan_until_stop, &stop), -ECANCELED);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
