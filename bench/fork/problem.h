/* SPDX-License-Identifier: MIT */
/*
 * The problems, and what of them is the same for every competitor: what is
 * done between two forks, and the large base cases.
 */
#ifndef BENCH_FORK_PROBLEM_H
#define BENCH_FORK_PROBLEM_H

#include "../common/splitmix64.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* skynet: each inner node forks so many, down to one leaf each. */
enum { SKYNET_WAYS = 10 };

/* n-queens: a board is the column of each row's queen. */
enum { QUEENS_MAX = 16 };

/* May a queen stand at `column` of `row`, below those of the rows before? */
static inline int queens_is_free(const char *board, int row, int column)
{
    for (int above = 0; above < row; above++) {
        int aside = board[above] - column;

        if (aside == 0 || aside == row - above || aside == above - row)
            return 0;
    }
    return 1;
}

/* `to` becomes the board with one more queen. */
static inline void queens_place(
    char *to, const char *board, int row, int column)
{
    for (int above = 0; above < row; above++)
        to[above] = board[above];
    to[row] = (char)column;
}

/* Unbalanced tree: a node is a random number. The uppermost `full` levels are
 * full, below them a node has UTS_WAYS children or none, so many on average
 * that each subtree just stays finite (0.992). */
#define UTS_ROOT UINT64_C(42)
enum { UTS_WAYS = 8 };

static inline int uts_children(uint64_t node, int full)
{
    return full > 0 || node % 1000 < 124 ? UTS_WAYS : 0;
}

static inline uint64_t uts_child(uint64_t node, int i)
{
    return splitmix64(node + (uint64_t)i);
}

static inline int uts_below(int full)
{
    return full > 0 ? full - 1 : 0;
}

/* Matrix product, c += a * b: `rows` x `inner` and `inner` x `columns`, parts
 * of square matrices with `stride` columns. */
struct product {
    const double *a, *b;
    double *c;
    int rows, inner, columns, stride;
};

enum axis { PRODUCT_ROWS, PRODUCT_COLUMNS, PRODUCT_INNER };
enum { PRODUCT_SMALL = 32 };

static inline int product_is_small(struct product p)
{
    return p.rows <= PRODUCT_SMALL && p.inner <= PRODUCT_SMALL &&
           p.columns <= PRODUCT_SMALL;
}

/* The longest one, to be cut in the middle. The two halves of an inner axis
 * add to the same elements: one after the other. */
static inline enum axis product_axis(struct product p)
{
    if (p.rows >= p.inner && p.rows >= p.columns)
        return PRODUCT_ROWS;
    return p.columns >= p.inner ? PRODUCT_COLUMNS : PRODUCT_INNER;
}

static inline struct product product_half(
    struct product p, enum axis axis, int is_second)
{
    int *length = axis == PRODUCT_ROWS      ? &p.rows
                  : axis == PRODUCT_COLUMNS ? &p.columns
                                            : &p.inner;
    int first = *length / 2, at = is_second ? first : 0;

    *length = is_second ? *length - first : first;
    p.a += axis == PRODUCT_ROWS    ? at * p.stride
           : axis == PRODUCT_INNER ? at
                                   : 0;
    p.b += axis == PRODUCT_INNER     ? at * p.stride
           : axis == PRODUCT_COLUMNS ? at
                                     : 0;
    p.c += axis == PRODUCT_ROWS      ? at * p.stride
           : axis == PRODUCT_COLUMNS ? at
                                     : 0;
    return p;
}

/* A small one. */
void product_base(struct product p);

/* Quicksort of first[0 .. count - 1]. */
enum { SORT_SMALL = 32 };

/* Partitions more than SORT_SMALL: nothing before the result is larger than
 * anything from it on, and neither part is empty. */
size_t sort_partition(int *first, size_t count);
/* Sorts at most SORT_SMALL. */
void sort_base(int *first, size_t count);

#ifdef __cplusplus
}
#endif
#endif
