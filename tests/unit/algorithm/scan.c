/* SPDX-License-Identifier: MIT */
/* filch_scan: what is written is what a serial loop would write. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(scan, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers, MOST = 20000 };

/* 2 x 2 matrices of uint32_t: products are associative, not commutative. */
struct matrix {
    uint32_t m[2][2];
};

static const struct matrix unit = {{{1, 0}, {0, 1}}};

static struct matrix matrix_of(size_t i)
{
    uint32_t z = (uint32_t)i * 2654435761U + 12345;
    return (struct matrix){{{z, z >> 3}, {z ^ 77, z >> 11}}};
}

static struct matrix times(struct matrix a, struct matrix b)
{
    struct matrix c;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++)
            c.m[i][k] = a.m[i][0] * b.m[0][k] + a.m[i][1] * b.m[1][k];
    return c;
}

static struct company company;

struct job {
    size_t begin, count;
    bool is_exclusive, has_total;
    struct filch_sum sum;
    struct matrix total;
    atomic_int folded, written;
    struct matrix out[MOST];
};

static struct job job;

static int fold(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    MUST(begin < end && arg == &job);
    MUST((uintptr_t)sum % _Alignof(max_align_t) == 0);
    company_meet(&company);
    atomic_fetch_add(&job.folded, (int)(end - begin));
    for (size_t i = begin; i < end; i++)
        *(struct matrix *)sum = times(*(struct matrix *)sum, matrix_of(i));
    return 1;
}

static int write(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct matrix *before = sum;
    (void)cx;
    MUST(begin < end && arg == &job);
    MUST((uintptr_t)sum % _Alignof(max_align_t) == 0);
    company_meet(&company);
    atomic_fetch_add(&job.written, (int)(end - begin));
    for (size_t i = begin; i < end; i++) {
        struct matrix after = times(*before, matrix_of(i));
        job.out[i - job.begin] = job.is_exclusive ? *before : after;
        *before = after;
    }
    return 1;
}

static void combine(void *left, const void *right, void *arg)
{
    MUST(arg == &job);
    *(struct matrix *)left =
        times(*(struct matrix *)left, *(const struct matrix *)right);
}

static int scan(filch_ctx *cx, void *frame)
{
    (void)frame;
    return filch_scan(filch_ctx_executor(cx), job.begin, job.begin + job.count,
        &job.sum, write, job.has_total ? &job.total : NULL);
}

static bool is_same(struct matrix a, struct matrix b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void expect_prefixes(size_t begin, size_t count)
{
    struct matrix before = unit;
    for (size_t i = 0; i < count; i++) {
        struct matrix after = times(before, matrix_of(begin + i));
        cr_assert(is_same(job.out[i], job.is_exclusive ? before : after),
            "number %zu of %zu", i, count);
        before = after;
    }
    cr_assert(is_same(job.total, job.has_total ? before : (struct matrix){0}));
    cr_assert_eq(atomic_load(&job.written), (int)count);
    cr_assert_leq(atomic_load(&job.folded), (int)count);
}

/* Of the kind: bits. */
enum { EXCLUSIVE = 1, TOTAL = 2, REPRODUCIBLE = 4, KINDS = 8 };

static void scan_and_check(
    filch_executor *ex, int kind, size_t begin, size_t count)
{
    memset(&job, 0, sizeof job);
    job.begin = begin;
    job.count = count;
    job.is_exclusive = kind & EXCLUSIVE;
    job.has_total = kind & TOTAL;
    job.sum = (struct filch_sum){.fold = fold,
        .combine = combine,
        .arg = &job,
        .bytes = sizeof(struct matrix),
        .identity = &unit,
        .is_reproducible = kind & REPRODUCIBLE};
    cr_assert_eq(company_run(ex, &company, scan, NULL), 0);
    expect_prefixes(begin, count);
}

Test(scan, in_the_order_of_the_range)
{
    static const size_t counts[] = {
        0, 1, 2, 3, 64, 1023, 1024, 1025, 2047, 2049, 5000, MOST};
    for (int i = 0; i < POOLS * KINDS; i++) {
        filch_executor *ex = open_pool(workers[i / KINDS]);
        company_init(&company, false);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            scan_and_check(ex, i % KINDS, k, counts[k]);
            scan_and_check(ex, i % KINDS, SIZE_MAX - counts[k], counts[k]);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(scan, in_the_order_of_the_range_in_company)
{
    for (int i = KINDS; i < POOLS * KINDS; i++) {
        filch_executor *ex = open_pool(workers[i / KINDS]);
        for (size_t count = 2; count < 64; count += 3) {
            company_init(&company, true);
            scan_and_check(ex, i % KINDS, 10, count);
            cr_assert_geq(atomic_load(&job.folded), 1);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Nobody helps: one pass, as a plain loop. */
Test(scan, alone_it_folds_nothing)
{
    filch_executor *ex = open_pool(1);
    company_init(&company, false);
    scan_and_check(ex, TOTAL, 0, MOST);
    cr_assert_eq(atomic_load(&job.folded), 0);
    scan_and_check(ex, TOTAL | REPRODUCIBLE, 0, MOST);
    cr_assert_eq(atomic_load(&job.folded), MOST);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Values of one byte, and of as many as can be: the last one counts, too. */
static int add_bytes(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    unsigned char *value = sum;
    size_t last = *(size_t *)arg - 1;
    (void)cx;
    MUST((uintptr_t)sum % _Alignof(max_align_t) == 0);
    company_meet(&company);
    for (size_t i = begin; i < end; i++) {
        value[0] = (unsigned char)(value[0] + i);
        value[last] = value[0];
    }
    return 0;
}

static int write_bytes(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    unsigned char *value = sum;
    MUST(value[*(size_t *)arg - 1] == value[0]);
    MUST(value[0] == (unsigned char)(begin * (begin - 1) / 2));
    return add_bytes(cx, begin, end, sum, arg);
}

static void combine_bytes(void *left, const void *right, void *arg)
{
    unsigned char *l = left;
    const unsigned char *r = right;
    size_t last = *(size_t *)arg - 1;
    l[0] = (unsigned char)(l[0] + r[0]);
    if (last)
        l[last] = (unsigned char)(l[last] + r[last]);
}

static int scan_bytes(filch_ctx *cx, void *frame)
{
    size_t bytes = *(size_t *)frame;
    static unsigned char total[FILCH_VALUE_MAX + 1];
    total[bytes] = 88;
    for (int reproducible = 0; reproducible < 2; reproducible++) {
        struct filch_sum sum = {.fold = add_bytes,
            .combine = combine_bytes,
            .arg = frame,
            .bytes = bytes,
            .is_reproducible = reproducible};
        MUST(filch_scan(
                 filch_ctx_executor(cx), 0, 50, &sum, write_bytes, total) == 0);
        MUST(total[0] == (unsigned char)(50 * 49 / 2));
        MUST(total[bytes - 1] == total[0] && total[bytes] == 88);
        company_init(&company, false);
    }
    return 0;
}

Test(scan, values_of_any_size)
{
    static size_t sizes[] = {1, 2, 15, 17, 64, 4097, FILCH_VALUE_MAX};
    for (int w = 0; w < POOLS; w++) {
        filch_executor *ex = open_pool(workers[w]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            company_init(&company, w > 0);
            cr_assert_eq(company_run(ex, &company, scan_bytes, &sizes[i]), 0);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(scan, of_nothing)
{
    filch_executor *ex = open_pool(2);
    struct filch_sum sum = {.fold = fold,
        .combine = combine,
        .arg = &job,
        .bytes = sizeof(struct matrix),
        .identity = &unit};
    struct matrix total = {{{5, 5}, {5, 5}}};
    cr_assert_eq(filch_scan(ex, SIZE_MAX, SIZE_MAX, &sum, write, &total), 0);
    cr_assert(is_same(total, unit));
    sum.identity = NULL;
    cr_assert_eq(filch_scan(ex, 7, 7, &sum, write, &total), 0);
    cr_assert(is_same(total, (struct matrix){0}));
    cr_assert_eq(filch_scan(ex, 7, 7, &sum, write, NULL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
