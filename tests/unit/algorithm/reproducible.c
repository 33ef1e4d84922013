/* SPDX-License-Identifier: MIT */
/* Sums and prefix sums that are the same, bit by bit, for any number of workers
 * and whatever is stolen; and those that fail. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(reproducible, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 50000 };

static struct company company;
static atomic_int folded; /* numbers */
static double prefixes[MOST];

/* Of very different sizes: the order of the additions shows. */
static double value_at(size_t i)
{
    double value = 1.0 / (double)(i + 1);
    return i % 3 ? value : i % 2 ? -value * 1e9 : value * 1e-9;
}

static int add(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    company_meet(&company);
    atomic_fetch_add(&folded, (int)(end - begin));
    for (size_t i = begin; i < end; i++)
        *(double *)sum += value_at(i);
    return 0;
}

static int write_prefixes(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    for (size_t i = begin; i < end; i++)
        prefixes[i] = *(double *)sum += value_at(i);
    return 0;
}

static void add_sums(void *left, const void *right, void *arg)
{
    (void)arg;
    *(double *)left += *(const double *)right;
}

static const struct filch_sum doubles = {.fold = add,
    .combine = add_sums,
    .bytes = sizeof(double),
    .is_reproducible = 1};

/* What came out: the bits. */
struct outcome {
    size_t count;
    double sum, total, prefixes[MOST];
};

static int compute(filch_ctx *cx, void *frame)
{
    struct outcome *outcome = frame;
    filch_executor *ex = filch_ctx_executor(cx);
    size_t count = outcome->count;
    atomic_store(&folded, 0);
    MUST(filch_reduce(ex, 0, count, &doubles, &outcome->sum) == 0);
    MUST(atomic_load(&folded) == (int)count);
    if (company.is_wanted)
        company_await(cx);
    company_init(&company, company.is_wanted);
    atomic_store(&folded, 0);
    MUST(filch_scan(ex, 0, count, &doubles, write_prefixes, &outcome->total) ==
         0);
    MUST(atomic_load(&folded) == (int)count);
    memcpy(outcome->prefixes, prefixes, count * sizeof *prefixes);
    return 0;
}

static void expect_same(size_t count, bool in_company)
{
    static struct outcome first, other;
    for (int w = in_company; w < POOLS; w++)
        for (int i = 0; i < 4; i++) {
            struct outcome *now = w == in_company && i == 0 ? &first : &other;
            filch_executor *ex = open_pool(workers[w]);
            company_init(&company, in_company);
            now->count = count;
            cr_assert_eq(company_run(ex, &company, compute, now), 0);
            cr_assert_eq(filch_executor_close(ex), 0);
            cr_assert_eq(memcmp(now, &first, sizeof first), 0,
                "%zu numbers, %d workers", count, workers[w]);
        }
}

Test(reproducible, with_any_number_of_workers)
{
    static const size_t counts[] = {1, 2, 63, 1023, 1024, 1025, 5000, MOST};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        expect_same(counts[i], false);
}

Test(reproducible, in_company)
{
    for (size_t count = 2; count < 64; count += 20)
        expect_same(count, true);
}

/* Failures of sums: the first one, and no value that was not finished is
 * combined. */
struct plan {
    size_t count, bad;
    int is_reproducible;
    atomic_int failures;
};

struct checked {
    int is_broken;
    size_t count;
};

static int fail_from(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct plan *plan = arg;
    struct checked *checked = sum;
    company_meet(&company);
    MUST(!checked->is_broken);
    for (size_t i = begin; i < end; i++)
        if (i >= plan->bad) {
            checked->is_broken = 1;
            atomic_fetch_add(&plan->failures, 1);
            return filch_failf(cx, -1 - (int)i, "at %zu", i);
        }
    checked->count += end - begin;
    return 0;
}

static void combine_unbroken(void *left, const void *right, void *arg)
{
    struct checked *l = left;
    const struct checked *r = right;
    (void)arg;
    MUST(!l->is_broken && !r->is_broken);
    l->count += r->count;
}

static int fail_sum(filch_ctx *cx, void *frame)
{
    struct plan *plan = frame;
    struct checked result;
    struct filch_sum sum = {.fold = fail_from,
        .combine = combine_unbroken,
        .arg = plan,
        .bytes = sizeof result,
        .is_reproducible = plan->is_reproducible};
    int rc =
        filch_reduce(filch_ctx_executor(cx), 0, plan->count, &sum, &result);
    MUST(rc || result.count == plan->count);
    return rc;
}

Test(reproducible, a_sum_that_fails)
{
    for (int i = 0; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        for (size_t bad = 0; bad <= 20; bad++) {
            struct plan plan = {20, bad, i % 2, 0};
            int rc = bad == 20 ? 0 : -1 - (int)bad;
            company_init(&company, i > 1);
            cr_assert_eq(company_run(ex, &company, fail_sum, &plan), rc);
        }
        for (size_t bad = 0; bad < 20000; bad = 3 * bad + 1) {
            struct plan plan = {20000, bad, i % 2, 0};
            company_init(&company, false);
            cr_assert_eq(
                company_run(ex, &company, fail_sum, &plan), -1 - (int)bad);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
