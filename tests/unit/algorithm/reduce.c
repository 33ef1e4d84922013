/* SPDX-License-Identifier: MIT */
/* filch_reduce: what a serial loop would sum, in the order of the range. */
#include "../../support/company.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(reduce, .timeout = 120);

static const int workers[] = {1, 2, 4, 16};
enum { POOLS = sizeof workers / sizeof *workers };

/* Affine maps x -> a x + b, one after the other: associative, not commutative.
 * Zero bytes are not the empty one. */
struct affine {
    uint64_t a, b;
};

static const struct affine same = {1, 0};

static struct affine map_of(size_t i)
{
    uint64_t z = (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15) + 1;
    return (struct affine){z | 1, z >> 7};
}

static struct affine then(struct affine first, struct affine second)
{
    return (struct affine){first.a * second.a, first.b * second.a + second.b};
}

static struct company company;
static atomic_int combines;

static int compose(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct affine *map = sum;
    (void)cx;
    MUST(begin < end && arg == &company);
    MUST((uintptr_t)sum % _Alignof(max_align_t) == 0);
    company_meet(&company);
    for (size_t i = begin; i < end; i++)
        *map = then(*map, map_of(i));
    return 1;
}

static void combine(void *left, const void *right, void *arg)
{
    MUST(arg == &company);
    atomic_fetch_add(&combines, 1);
    *(struct affine *)left =
        then(*(struct affine *)left, *(const struct affine *)right);
}

static struct filch_sum maps = {.fold = compose,
    .combine = combine,
    .arg = &company,
    .bytes = sizeof(struct affine),
    .identity = &same};

struct range {
    size_t begin, end;
    _Alignas(max_align_t) struct affine result;
};

static int reduce(filch_ctx *cx, void *frame)
{
    struct range *range = frame;
    return filch_reduce(filch_ctx_executor(cx), range->begin, range->end, &maps,
        &range->result);
}

static void expect_product(filch_executor *ex, size_t begin, size_t end)
{
    struct range range = {.begin = begin, .end = end, .result = {9, 9}};
    struct affine wanted = same;
    cr_assert_eq(company_run(ex, &company, reduce, &range), 0);
    for (size_t i = begin; i < end; i++)
        wanted = then(wanted, map_of(i));
    cr_assert(range.result.a == wanted.a && range.result.b == wanted.b,
        "from %zu to %zu", begin, end);
}

Test(reduce, in_the_order_of_the_range)
{
    static const size_t counts[] = {
        0, 1, 2, 3, 31, 64, 1023, 1024, 1025, 2047, 2049, 5000, 100000};
    for (int i = 0; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        maps.is_reproducible = i % 2;
        company_init(&company, false);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            expect_product(ex, k, k + counts[k]);
            expect_product(ex, SIZE_MAX - counts[k], SIZE_MAX);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(reduce, in_the_order_of_the_range_in_company)
{
    for (int i = 2; i < 2 * POOLS; i++) {
        filch_executor *ex = open_pool(workers[i / 2]);
        maps.is_reproducible = i % 2;
        for (size_t count = 2; count < 64; count += 3) {
            company_init(&company, true);
            atomic_store(&combines, 0);
            expect_product(ex, count, 2 * count);
            cr_assert_geq(atomic_load(&combines), 1);
            cr_assert_lt(atomic_load(&combines), (int)count);
            company_init(&company, true);
            expect_product(ex, SIZE_MAX - count, SIZE_MAX);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Nobody helps: nothing to be combined. */
Test(reduce, alone_it_combines_nothing)
{
    filch_executor *ex = open_pool(1);
    maps.is_reproducible = 0;
    company_init(&company, false);
    atomic_store(&combines, 0);
    expect_product(ex, 0, 1000);
    cr_assert_eq(atomic_load(&combines), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Values of any size: bytes that are overwritten, the last word wins. */
struct text {
    size_t length;
    char text[FILCH_VALUE_MAX - sizeof(size_t)];
};

static int append(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    struct text *text = sum;
    (void)cx;
    (void)arg;
    company_meet(&company);
    for (size_t i = begin; i < end; i++)
        text->text[text->length++] = (char)('!' + i % 94);
    return 0;
}

static void join(void *left, const void *right, void *arg)
{
    struct text *l = left;
    const struct text *r = right;
    (void)arg;
    memcpy(l->text + l->length, r->text, r->length);
    l->length += r->length;
}

static int concatenate(filch_ctx *cx, void *frame)
{
    struct filch_sum sum = {.fold = append,
        .combine = join,
        .bytes = sizeof(struct text),
        .is_reproducible = *(int *)frame};
    struct text text;
    MUST(filch_reduce(filch_ctx_executor(cx), 0, 60, &sum, &text) == 0);
    MUST(text.length == 60);
    for (size_t i = 0; i < 60; i++)
        MUST(text.text[i] == (char)('!' + i));
    return 0;
}

Test(reduce, the_largest_values)
{
    for (int i = 0; i < 4; i++) {
        filch_executor *ex = open_pool(1 + i / 2);
        company_init(&company, i / 2);
        cr_assert_eq(company_run(ex, &company, concatenate, &(int){i % 2}), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

static int xor_bytes(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    company_meet(&company);
    for (size_t i = begin; i < end; i++)
        *(unsigned char *)sum ^= (unsigned char)i;
    return 0;
}

static void xor
    (void *left, const void *right, void *arg) {
        (void)arg;
        *(unsigned char *)left ^= *(const unsigned char *)right;
    }

    static int xor_all(filch_ctx *cx, void *frame)
{
    struct filch_sum sum = {.fold = xor_bytes,
        .combine = xor,
        .bytes = 1,
        .is_reproducible = *(int *)frame};
    unsigned char result[2] = {77, 77};
    MUST(filch_reduce(filch_ctx_executor(cx), 1, 33, &sum, result) == 0);
    MUST(result[0] == 32 && result[1] == 77);
    return 0;
}

Test(reduce, the_smallest_values)
{
    for (int i = 0; i < 4; i++) {
        filch_executor *ex = open_pool(1 + i / 2);
        company_init(&company, i / 2);
        cr_assert_eq(company_run(ex, &company, xor_all, &(int){i % 2}), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Structs of callers that were compiled with another version. */
Test(reduce, callers_of_other_versions)
{
    struct {
        struct filch_sum sum;
        char more[16];
    } newer = {.sum = maps};
    struct affine result = {9, 9};
    filch_executor *ex = open_pool(2);
    company_init(&company, false);
    newer.sum.is_reproducible = 0;
    struct filch_sum *sum = &newer.sum;
    cr_assert_eq(filch_reduce_sized(ex, 0, 9, sum, sizeof newer, &result), 0);
    cr_assert_eq(
        filch_scan_sized(ex, 0, 9, sum, sizeof newer, compose, NULL), 0);
    newer.more[15] = 1;
    cr_assert_eq(
        filch_reduce_sized(ex, 0, 9, sum, sizeof newer, &result), -E2BIG);
    cr_assert_eq(
        filch_scan_sized(ex, 0, 9, sum, sizeof newer, compose, NULL), -E2BIG);
    /* What an older one does not have is the default: here, all zeroes. */
    size_t older = offsetof(struct filch_sum, identity);
    cr_assert_eq(filch_reduce_sized(ex, 0, 9, sum, older, &result), 0);
    cr_assert_eq(result.a, 0);
    cr_assert_eq(filch_reduce_sized(ex, 0, 9, sum, 0, &result), -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int reduce_with(filch_executor *ex, struct filch_sum sum)
{
    char result[FILCH_VALUE_MAX + 1];
    int rc = filch_reduce(ex, 0, 0, &sum, result);
    int scanned = filch_scan(ex, 0, 0, &sum, xor_bytes, NULL);
    cr_assert_eq(rc, scanned);
    return rc;
}

Test(reduce, nonsense)
{
    struct filch_sum good = {.fold = xor_bytes, .combine = xor, .bytes = 1};
    struct filch_sum bad = good;
    char result;
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_reduce(NULL, 0, 1, &good, &result), -EINVAL);
    cr_assert_eq(filch_reduce(ex, 0, 1, NULL, &result), -EINVAL);
    cr_assert_eq(filch_reduce(ex, 0, 1, &good, NULL), -EINVAL);
    cr_assert_eq(filch_reduce(ex, 1, 0, &good, &result), -EINVAL);
    cr_assert_eq(filch_scan(NULL, 0, 1, &good, xor_bytes, NULL), -EINVAL);
    cr_assert_eq(filch_scan(ex, 0, 1, NULL, xor_bytes, NULL), -EINVAL);
    cr_assert_eq(filch_scan(ex, 0, 1, &good, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_scan(ex, 1, 0, &good, xor_bytes, NULL), -EINVAL);
    bad.identity = &result; /* it changes */
    cr_assert_eq(filch_reduce(ex, 0, 1, &bad, &result), -EINVAL);
    bad = good;
    bad.fold = NULL;
    cr_assert_eq(reduce_with(ex, bad), -EINVAL);
    bad = good;
    bad.combine = NULL;
    cr_assert_eq(reduce_with(ex, bad), -EINVAL);
    bad = good;
    bad.bytes = 0;
    cr_assert_eq(reduce_with(ex, bad), -EINVAL);
    bad.bytes = FILCH_VALUE_MAX + 1;
    cr_assert_eq(reduce_with(ex, bad), -EINVAL);
    bad.bytes = SIZE_MAX;
    cr_assert_eq(reduce_with(ex, bad), -EINVAL);
    bad.bytes = FILCH_VALUE_MAX;
    cr_assert_eq(reduce_with(ex, bad), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
