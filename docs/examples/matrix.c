/* SPDX-License-Identifier: MIT */
/*
 * matrix: C = A * B, for square matrices, without knowing the caches' sizes.
 *
 *     matrix [SIZE] [WORKERS]
 *
 * The largest of the three dimensions is halved until the piece is small, so
 * that at some depth it fits into each cache there is. Two halves of C are
 * independent: one of them is forked. Two halves of a sum are added to the
 * same C, one after the other.
 *
 * The untyped form: a function and a frame, which is here the caller's.
 */
#include "compare.h"

#include <errno.h>
#include <string.h>

enum { SMALL = 32 };

/* c += a * b, parts of larger matrices: c has rows by columns elements. */
struct product {
    double *c;
    const double *a, *b;
    size_t rows, columns, inner, stride;
};

/* Not inlined: both forms are to run the same loop. */
static __attribute__((noinline)) void multiply_small(const struct product *p)
{
    for (size_t i = 0; i < p->rows; i++)
        for (size_t k = 0; k < p->inner; k++) {
            double a = p->a[i * p->stride + k];
            const double *b = p->b + k * p->stride;
            double *c = p->c + i * p->stride;
            for (size_t j = 0; j < p->columns; j++)
                c[j] += a * b[j];
        }
}

enum cut { NONE, BESIDE, AFTER };

/* Halves the largest dimension. May the halves run beside each other? */
static enum cut halve(const struct product *p, struct product half[2])
{
    half[0] = half[1] = *p;
    if (p->rows <= SMALL && p->columns <= SMALL && p->inner <= SMALL)
        return NONE;
    if (p->rows >= p->columns && p->rows >= p->inner) {
        half[0].rows = p->rows / 2;
        half[1].rows -= half[0].rows;
        half[1].a += half[0].rows * p->stride;
        half[1].c += half[0].rows * p->stride;
        return BESIDE;
    }
    if (p->columns >= p->inner) {
        half[0].columns = p->columns / 2;
        half[1].columns -= half[0].columns;
        half[1].b += half[0].columns;
        half[1].c += half[0].columns;
        return BESIDE;
    }
    half[0].inner = p->inner / 2;
    half[1].inner -= half[0].inner;
    half[1].a += half[0].inner;
    half[1].b += half[0].inner * p->stride;
    return AFTER;
}

static void multiply_serial(const struct product *p)
{
    struct product half[2];
    if (halve(p, half) == NONE) {
        multiply_small(p);
        return;
    }
    multiply_serial(&half[0]);
    multiply_serial(&half[1]);
}

static int multiply(filch_ctx *cx, void *frame)
{
    struct product half[2]; /* until the join */
    int rc, forked = 0;
    switch (halve(frame, half)) {
    case BESIDE:
        filch_fork(&cx, multiply, &half[1]);
        rc = multiply(cx, &half[0]);
        forked = filch_join(&cx);
        return rc ? rc : forked;
    case AFTER:
        rc = multiply(cx, &half[0]);
        return rc ? rc : multiply(cx, &half[1]);
    default:
        if (filch_stopping(cx))
            return -ECANCELED;
        multiply_small(frame);
        return 0;
    }
}

static int run(struct product *p, double *expected, int workers)
{
    struct product serially = *p;
    serially.c = expected;
    int64_t start = filch_now();
    multiply_serial(&serially);
    int64_t serial = filch_now() - start, parallel = 0;
    int rc = 0;
    filch_with (ex, .name = "matrix", .workers = workers) {
        workers = filch_executor_workers(ex);
        start = filch_now();
        rc = filch_run(ex, multiply, p);
        parallel = filch_now() - start;
    }
    if (rc) {
        (void)fprintf(stderr, "matrix: %s\n", filch_strerror(rc));
        return EXIT_FAILURE;
    }
    return compare_print(serial, parallel, workers,
        memcmp(p->c, expected, p->rows * p->rows * sizeof *expected) == 0);
}

int main(int argc, char **argv)
{
    struct number numbers[] = {
        {"SIZE", 1, 10000, 512}, {"WORKERS", 0, FILCH_WORKERS_MAX, 0}};
    if (argc < 1 || compare_read(numbers, 2, argv + 1))
        return compare_usage("matrix", numbers, 2);
    size_t n = (size_t)numbers[0].value;
    double *all = calloc(4 * n * n, sizeof *all);
    if (!all) {
        (void)fputs("matrix: no memory\n", stderr);
        return EXIT_FAILURE;
    }
    double *a = all, *b = a + n * n, *c = b + n * n, *expected = c + n * n;
    for (size_t i = 0; i < n * n; i++) { /* small: all sums are exact */
        a[i] = (double)(i * 7 % 11);
        b[i] = (double)(i * 5 % 13);
    }
    struct product whole = {c, a, b, n, n, n, n};
    int status = run(&whole, expected, (int)numbers[1].value);
    free(all);
    return status;
}
