/* SPDX-License-Identifier: MIT */
/**
 * @file sort.h
 * Sorting in parallel, in the shape of qsort_r().
 *
 *     static int by_age(const void *a, const void *b, void *arg)
 *     {
 *         const struct person *x = a, *y = b;
 *         return (x->age > y->age) - (x->age < y->age);
 *     }
 *
 *     int rc = filch_sort(ex, people, count, sizeof *people, by_age, NULL);
 *
 * A merge sort whose halves are sorted in parallel and merged in parallel. For
 * n elements: work O(n log n), span O(log^3 n) and what the comparison of
 * some thousand elements takes; what is sorted already, in either direction,
 * costs O(n). A comparison that decides nothing but the result has no branch to
 * be mispredicted, so write it without one, as above.
 * Source: Cormen, Leiserson, Rivest, Stein, "Introduction to Algorithms", 3rd
 * edition, section 27.3; the argument is in src/algorithm/README.md.
 */
#ifndef FILCH_SORT_H
#define FILCH_SORT_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Negative, 0 or positive as the element @p a belongs before @p b, may stand
 * on either side of it, or belongs behind it. Any thread of the executor, in
 * several at a time. What it gets are elements or copies of them, as aligned
 * as the array and the size allow, up to 4096 bytes. It may wait, fork with
 * filch_run() and sort, but not fail or leave by longjmp().
 * One that is no order of the elements, that lies even, gives no order, and no
 * other harm: the elements are those that there were, after O(n log n) calls.
 */
typedef int filch_compare(const void *a, const void *b, void *arg);

/**
 * Any thread. Blocks; in a task of @p ex it is a plain call, which works along.
 * Allocates. Sorts the @p count elements of @p size bytes each at @p base,
 * @p arg goes to @p compare. Of elements that compare equal, the order is any.
 * Nobody else may look at the array meanwhile. Needs room for all elements, or,
 * if they have more than 128 bytes, for two pointers each and for every 64th.
 * @return 0; -EINVAL: null (but @p base may be NULL if @p count is 0), @p size
 *         is 0, or `count * size` is more than PTRDIFF_MAX; -ENOMEM: nothing
 *         has been moved; -ECANCELED: the executor was told to stop what runs,
 *         or what is pending; what a submit would be refused with.
 *         After a failure the array holds its elements in some order.
 */
FILCH_API int filch_sort(filch_executor *ex, void *base, size_t count,
    size_t size, filch_compare *compare, void *arg);

/** filch_sort(), and elements that compare equal keep their order. */
FILCH_API int filch_sort_stable(filch_executor *ex, void *base, size_t count,
    size_t size, filch_compare *compare, void *arg);

#ifdef __cplusplus
}
#endif
#endif
