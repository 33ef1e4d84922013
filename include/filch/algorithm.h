/* SPDX-License-Identifier: MIT */
/**
 * @file algorithm.h
 * Loops, sums and prefix sums over a range of numbers, and searching: in
 * parallel, as far as there are workers with nothing else to do.
 *
 *     static int scale(filch_ctx *cx, size_t begin, size_t end, void *arg)
 *     {
 *         float *x = arg;
 *         for (size_t i = begin; i < end; i++)
 *             x[i] *= 2;
 *         return 0;
 *     }
 *
 *     int rc = filch_for(ex, 0, count, scale, x);
 *
 * True for all of them:
 * - Any thread may call them, and blocks; in a task of `ex` that is a plain
 *   call, which works along, and they nest.
 * - A range is the numbers i with begin <= i < end. A body gets a part of it
 *   that is not empty, several parts at a time in different threads; all parts
 *   together are the range, each number in one.
 * - A body's negative return value is a failure, with filch_failf() for a
 *   message. What then comes back is the failure that a serial loop would have
 *   met first: all before it has run. Behind it, some has, and some has not.
 * - If the executor is told to stop what runs (#FILCH_STOP_RUNNING), parts that
 *   have not begun do not, and -ECANCELED comes back.
 * - They return 0 if nothing else is said; -EINVAL for a null pointer or
 *   begin > end; what a submit would be refused with (#FILCH_ESHUTDOWN,
 *   #FILCH_EBROKEN, #FILCH_EFORKED, -EAGAIN, -ENOMEM).
 *
 * How large the parts are is found out: from one number on as many as take
 * some 10 us, and a worker gives half of what it still has to do to another
 * one only when there is one that looks for work. So a loop that nobody helps
 * with costs hardly more than a plain one, and needs no grain size.
 * Source: Tzannes, Caragea, Barua, Vishkin, "Lazy binary splitting" (PPoPP
 * 2010); the argument is in src/algorithm/README.md.
 */
#ifndef FILCH_ALGORITHM_H
#define FILCH_ALGORITHM_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Loops
 * @{ */

/** Does what is to be done for the numbers from @p begin on, before @p end. */
typedef int filch_for_body(filch_ctx *cx, size_t begin, size_t end, void *arg);

/**
 * Any thread. Blocks. Calls @p body for parts of the range. For n numbers: work
 * O(n), span O(log n) and one part, so about n / P steps on P workers; nothing
 * is allocated but what a submit from outside needs.
 */
FILCH_API int filch_for(filch_executor *ex, size_t begin, size_t end,
    filch_for_body *body, void *arg);

/** A part of a table. */
struct filch_tile {
    size_t row_begin;    /**< first row */
    size_t row_end;      /**< behind the last row */
    size_t column_begin; /**< first column */
    size_t column_end;   /**< behind the last column */
};

/** Does what is to be done for a tile. */
typedef int filch_tile_body(
    filch_ctx *cx, const struct filch_tile *tile, void *arg);

/**
 * Any thread. Blocks. Cuts @p whole into tiles of @p rows x @p columns, less
 * at the ends (0 for either: 64), and calls @p body for each. They are numbered
 * row of tiles by row of tiles, so that what a worker does is neighbouring; a
 * failure is the first by that number. -EINVAL also for more than SIZE_MAX
 * tiles.
 */
FILCH_API int filch_for_2d(filch_executor *ex, const struct filch_tile *whole,
    size_t rows, size_t columns, filch_tile_body *body, void *arg);
/** @} */

/** @name Sums
 * "Sum" is said for whatever two values are combined to; the order of what is
 * combined is kept, so that `combine` need not be commutative, but it must be
 * associative.
 * @{ */

/** Most bytes of a value. */
#define FILCH_VALUE_MAX 32768

/** Adds the numbers from @p begin on, before @p end, to @p sum. */
typedef int filch_fold_body(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg);

/** How to sum. Zero is the default where there is one. */
struct filch_sum {
    /** Adds to a sum, from the right. */
    filch_fold_body *fold;
    /** @p left becomes @p left + @p right. Any thread; must not fork. */
    void (*combine)(void *left, const void *right, void *arg);
    /** The bodies' argument. */
    void *arg;
    /** Bytes of a value: 1 to #FILCH_VALUE_MAX. Aligned for any type. */
    size_t bytes;
    /** An empty sum. Default: all bytes zero. */
    const void *identity;
    /** Nonzero: where the range is cut depends on its length alone, so that the
     * result is the same bit by bit for any number of workers. It costs up to
     * 1024 values on the heap, and as many calls of `combine`. */
    int is_reproducible;
};

/** filch_reduce(), told the size of the caller's struct filch_sum. */
FILCH_API int filch_reduce_sized(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, size_t size, void *result);

/**
 * Any thread. Blocks. The sum of the range to @p result, of `sum->bytes`,
 * aligned as its type needs; undefined after a failure. Work and span as of
 * filch_for(), and a `combine` for each steal. -EINVAL also if @p result is the
 * identity itself; -E2BIG: a field of @p sum that this library does not know.
 */
static inline int filch_reduce(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, void *result)
{
    return filch_reduce_sized(ex, begin, end, sum, sizeof *sum, result);
}

/** filch_scan(), told the size of the caller's struct filch_sum. */
FILCH_API int filch_scan_sized(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, size_t size, filch_fold_body *write,
    void *total);

/**
 * Any thread. Blocks. Allocates. Prefix sums: calls @p write for each part of
 * the range, with the sum of all before it. @p write adds to that sum as
 * `fold` does and writes down what it wants: after adding a number, that is an
 * inclusive scan; before, an exclusive one.
 *
 *     static int write(filch_ctx *cx, size_t begin, size_t end, void *sum,
 *         void *arg)
 *     {
 *         for (size_t i = begin; i < end; i++) {
 *             *(long *)sum += x[i];
 *             out[i] = *(long *)sum;
 *         }
 *         return 0;
 *     }
 *
 * `fold` is called for what other workers do before the sum up to there is
 * known: with one worker not at all, with P for up to n - n / P numbers,
 * so about 2 n / P steps, work O(n), span O(n / 1024). @p total receives the
 * sum of all, unless it is NULL. With `is_reproducible`, `fold` is called for
 * all. -E2BIG as of filch_reduce(). Source: Blelloch, "Prefix sums and their
 * applications" (1990), section 1.3.
 */
static inline int filch_scan(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, filch_fold_body *write, void *total)
{
    return filch_scan_sized(ex, begin, end, sum, sizeof *sum, write, total);
}
/** @} */

/** @name Searching
 * @{ */

/** Looks for the first number from @p begin on, before @p end, that is wanted:
 * 1, and @p found, or 0. */
typedef int filch_find_body(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg);

/**
 * Any thread. Blocks. The first number of the range that is wanted: 1, and
 * @p found (unless NULL), or 0. What lies behind one that has been found is
 * not begun any more. A failure counts if it comes before. Work O(n) at most,
 * span as of filch_for().
 */
FILCH_API int filch_find_if(filch_executor *ex, size_t begin, size_t end,
    filch_find_body *body, void *arg, size_t *found);

/**
 * Any thread. Blocks. Is there one? @p body says so for a part, by 1 or 0. 1 as
 * soon as one has said so; else 0, or the first failure. Costs as
 * filch_find_if().
 */
FILCH_API int filch_any_of(filch_executor *ex, size_t begin, size_t end,
    filch_for_body *body, void *arg);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
