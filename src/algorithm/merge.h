/* SPDX-License-Identifier: MIT */
/*
 * Merging two runs, without a branch that depends on how two elements compare:
 * on random elements it would be mispredicted every other time, which costs
 * more than all the rest. What has been compared becomes an offset instead.
 *
 * What takes a struct fl_order by value is inlined where its size is a number:
 * copying an element is a move then.
 */
#ifndef FL_ALGORITHM_MERGE_H
#define FL_ALGORITHM_MERGE_H

#include "algorithm/sorter.h"

#include <string.h>

#define FL_INLINE static inline __attribute__((always_inline))

/* Bytes of pointers, so far ahead is fetched what they lead to. */
enum { FL_MERGE_AHEAD = 8 * sizeof(void *) };

/* The smaller one. */
FL_INLINE size_t fl_merge_fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* x if chosen, else y; both in one array. */
FL_INLINE const char *fl_merge_choose(size_t is_x, const char *x, const char *y)
{
    return y + ((x - y) & -(ptrdiff_t)is_x);
}

/* memcpy() of one element, without a call where that would be most of the time:
 * two moves, which may overlap. */
FL_INLINE void fl_merge_copy(char *to, const char *from, size_t size)
{
    if (__builtin_constant_p(size) || size > 64) {
        memcpy(to, from, size);
    } else if (size > 32) {
        memcpy(to, from, 32);
        memcpy(to + size - 32, from + size - 32, 32);
    } else if (size > 16) {
        memcpy(to, from, 16);
        memcpy(to + size - 16, from + size - 16, 16);
    } else if (size > 12) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size > 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 3) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else
        to[0] = from[0], to[size / 2] = from[size / 2],
        to[size - 1] = from[size - 1];
}

/* What is pointed to near either end. Each step of a merge waits for the one
 * before, so it would wait for each element that is not in a cache. */
FL_INLINE void fl_merge_fetch(const char *run, const char *end)
{
    const void *pointed[2];
    if (end - run < FL_MERGE_AHEAD)
        return;
    memcpy(&pointed[0], run + FL_MERGE_AHEAD - sizeof(void *), sizeof(void *));
    memcpy(&pointed[1], end - FL_MERGE_AHEAD, sizeof(void *));
    __builtin_prefetch(pointed[0]);
    __builtin_prefetch(pointed[1]);
}

/* `bytes` of elements to the front of the target and as many to its back: two
 * chains of comparisons that do not wait for each other. No more than the
 * shorter run has, so neither chain leaves a run. Takes them off the runs,
 * unless the two ends have met. */
FL_INLINE bool fl_merge_ends(
    struct fl_merge *m, size_t bytes, struct fl_order by)
{
    const char *a = m->a, *a_end = a + m->a_bytes;
    const char *b = m->b, *b_end = b + m->b_bytes;
    char *to = m->to, *to_end = to + m->a_bytes + m->b_bytes;
    for (const char *stop = to + bytes; to != stop; to += by.size) {
        if (by.is_pointed)
            fl_merge_fetch(a, a_end), fl_merge_fetch(b, b_end);
        size_t is_less = fl_order_is_less(&by, b, a);
        fl_merge_copy(to, fl_merge_choose(is_less, b, a), by.size);
        a += (1 - is_less) * by.size;
        b += is_less * by.size;
        is_less = fl_order_is_less(&by, b_end - by.size, a_end - by.size);
        to_end -= by.size;
        fl_merge_copy(
            to_end, fl_merge_choose(is_less, a_end, b_end) - by.size, by.size);
        a_end -= is_less * by.size;
        b_end -= (1 - is_less) * by.size;
    }
    if (a > a_end || b > b_end)
        return false;
    *m = (struct fl_merge){a, b, (size_t)(a_end - a), (size_t)(b_end - b), to};
    return true;
}

/* Both ends fill twice as much as the shorter run has, so that they cannot
 * meet if the comparison is an order. If it is not, they may have taken the
 * same element, and what they did does not count: with half as many steps they
 * cannot [SORT-lie]. */
FL_INLINE void fl_merge_runs(struct fl_merge m, struct fl_order by)
{
    size_t bytes = fl_merge_fewer(m.a_bytes, m.b_bytes);
    while (bytes > 0)
        if (fl_merge_ends(&m, bytes, by))
            bytes = fl_merge_fewer(m.a_bytes, m.b_bytes);
        else
            bytes = bytes / by.size / 2 * by.size;
    if (m.a_bytes)
        memcpy(m.to, m.a, m.a_bytes);
    if (m.b_bytes)
        memcpy(m.to + m.a_bytes, m.b, m.b_bytes);
}

#endif
