/* SPDX-License-Identifier: MIT */
/*
 * No branch here depends on how two elements compare, but those that see that
 * a run has ended: on random elements each would be mispredicted every other
 * time, which costs more than all the rest. What has been compared becomes an
 * offset instead.
 *
 * The functions with a parameter `size` are inlined into those at the end of
 * the file, where it is a number: copying an element is a move then.
 */
#include "algorithm/sorter.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { GROUP = 4 };

/* x if chosen, else y; both in one array. */
INLINE const char *choose(size_t is_x, const char *x, const char *y)
{
    return y + ((x - y) & -(ptrdiff_t)is_x);
}

/* memcpy() of one element, without a call where that is most of the time:
 * two moves, which overlap. */
INLINE void copy(char *to, const char *from, size_t size)
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

/* `bytes` of elements to the front of the target and as many to its back: two
 * chains of comparisons that do not wait for each other. No more than the
 * shorter run has, so neither chain leaves a run. Takes them off the runs,
 * unless the two ends have met. */
INLINE bool merge_ends(
    struct fl_merge *m, size_t bytes, size_t size, const struct fl_order *order)
{
    struct fl_order by = *order;
    const char *a = m->a, *a_end = a + m->a_bytes;
    const char *b = m->b, *b_end = b + m->b_bytes;
    char *to = m->to, *to_end = to + m->a_bytes + m->b_bytes;
    for (const char *stop = to + bytes; to != stop; to += size) {
        size_t is_less = fl_order_is_less(&by, b, a);
        copy(to, choose(is_less, b, a), size);
        a += (1 - is_less) * size;
        b += is_less * size;
        is_less = fl_order_is_less(&by, b_end - size, a_end - size);
        to_end -= size;
        copy(to_end, choose(is_less, a_end, b_end) - size, size);
        a_end -= is_less * size;
        b_end -= (1 - is_less) * size;
    }
    if (a > a_end || b > b_end)
        return false;
    *m = (struct fl_merge){a, b, (size_t)(a_end - a), (size_t)(b_end - b), to};
    return true;
}

INLINE size_t fewer(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Both ends fill twice as much as the shorter run has, so that they cannot
 * meet if the comparison is an order. If it is not, they may have taken the
 * same element, and what they did does not count: with half as many steps they
 * cannot. */
INLINE void merge_runs(
    struct fl_merge m, size_t size, const struct fl_order *order)
{
    size_t bytes = fewer(m.a_bytes, m.b_bytes);
    while (bytes > 0)
        if (merge_ends(&m, bytes, size, order))
            bytes = fewer(m.a_bytes, m.b_bytes);
        else
            bytes = bytes / size / 2 * size;
    if (m.a_bytes)
        memcpy(m.to, m.a, m.a_bytes);
    if (m.b_bytes)
        memcpy(m.to + m.a_bytes, m.b, m.b_bytes);
}

INLINE void sort_pair(
    const char *from, char *to, size_t size, const struct fl_order *order)
{
    size_t is_less = fl_order_is_less(order, from + size, from);
    copy(to, from + is_less * size, size);
    copy(to + size, from + (1 - is_less) * size, size);
}

/* From where to where elements go. */
struct pass {
    const char *from;
    char *to;
    size_t bytes;
};

/* Up to GROUP elements. */
INLINE void sort_group(
    struct pass pass, size_t size, const struct fl_order *order)
{
    alignas(FL_SORTER_SIZE_MOST) char pairs[GROUP * FL_SORTER_SIZE_MOST];
    size_t half = fewer(pass.bytes, 2 * size), i = 0;
    for (; i + 2 * size <= pass.bytes; i += 2 * size)
        sort_pair(pass.from + i, pairs + i, size, order);
    if (i < pass.bytes)
        memcpy(pairs + i, pass.from + i, size);
    merge_runs((struct fl_merge){pairs, pairs + half, half, pass.bytes - half,
                   pass.to},
        size, order);
}

/* They may stay where they are. */
INLINE void sort_groups(
    struct pass pass, size_t size, const struct fl_order *order)
{
    size_t group = GROUP * size, i = 0;
    for (; i + group <= pass.bytes; i += group)
        sort_group(
            (struct pass){pass.from + i, pass.to + i, group}, size, order);
    if (i < pass.bytes)
        sort_group((struct pass){pass.from + i, pass.to + i, pass.bytes - i},
            size, order);
}

/* Merges each two runs of `width` bytes; the last ones may be shorter. */
INLINE void merge_all(
    struct pass pass, size_t width, size_t size, const struct fl_order *order)
{
    for (size_t i = 0; i < pass.bytes; i += 2 * width) {
        const char *a = pass.from + i;
        size_t a_bytes = fewer(width, pass.bytes - i);
        size_t b_bytes = fewer(width, pass.bytes - i - a_bytes);
        merge_runs(
            (struct fl_merge){a, a + a_bytes, a_bytes, b_bytes, pass.to + i},
            size, order);
    }
}

/* Whether the elements from the second on compare with the one before as
 * `is_less` says. */
INLINE bool is_run(const char *data, size_t count, bool is_less, size_t size,
    const struct fl_order *order)
{
    for (const char *at = data; --count > 0; at += size)
        if (fl_order_is_less(order, at + size, at) != is_less)
            return false;
    return true;
}

INLINE unsigned sort_leaf(char *const places[2], size_t count, unsigned goal,
    size_t size, const struct fl_order *order)
{
    unsigned at = goal;
    size_t bytes = count * size;
    if (is_run(places[0], count, false, size, order))
        return 0;
    if (is_run(places[0], count, true, size, order))
        return FL_SORTED_DESCENDING;
    for (size_t width = GROUP * size; width < bytes; width *= 2)
        at = !at;
    sort_groups((struct pass){places[0], places[at], bytes}, size, order);
    for (size_t width = GROUP * size; width < bytes; width *= 2, at = !at)
        merge_all(
            (struct pass){places[at], places[!at], bytes}, width, size, order);
    return at;
}

INLINE void exchange(char *low, char *high, size_t count, size_t size)
{
    char kept[FL_SORTER_SIZE_MOST];
    for (; count > 0; count--, low += size, high -= size) {
        memcpy(kept, low, size);
        memcpy(low, high, size);
        memcpy(high, kept, size);
    }
}

/* For each size. */
static unsigned sort_4(char *data, char *room, size_t count, unsigned goal,
    const struct fl_order *order)
{
    return sort_leaf((char *[]){data, room}, count, goal, 4, order);
}

static void merge_4(const struct fl_merge *merge, const struct fl_order *order)
{
    merge_runs(*merge, 4, order);
}

static void exchange_4(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    (void)order;
    exchange(low, high, count, 4);
}

static unsigned sort_8(char *data, char *room, size_t count, unsigned goal,
    const struct fl_order *order)
{
    return sort_leaf((char *[]){data, room}, count, goal, 8, order);
}

static void merge_8(const struct fl_merge *merge, const struct fl_order *order)
{
    merge_runs(*merge, 8, order);
}

static void exchange_8(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    (void)order;
    exchange(low, high, count, 8);
}

static unsigned sort_16(char *data, char *room, size_t count, unsigned goal,
    const struct fl_order *order)
{
    return sort_leaf((char *[]){data, room}, count, goal, 16, order);
}

static void merge_16(const struct fl_merge *merge, const struct fl_order *order)
{
    merge_runs(*merge, 16, order);
}

static void exchange_16(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    (void)order;
    exchange(low, high, count, 16);
}

static unsigned sort_any(char *data, char *room, size_t count, unsigned goal,
    const struct fl_order *order)
{
    return sort_leaf((char *[]){data, room}, count, goal, order->size, order);
}

static void merge_any(
    const struct fl_merge *merge, const struct fl_order *order)
{
    merge_runs(*merge, order->size, order);
}

static void exchange_any(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    exchange(low, high, count, order->size);
}

const struct fl_sorter *fl_sorter_for(size_t size)
{
    static const struct fl_sorter four = {sort_4, merge_4, exchange_4};
    static const struct fl_sorter eight = {sort_8, merge_8, exchange_8};
    static const struct fl_sorter sixteen = {sort_16, merge_16, exchange_16};
    static const struct fl_sorter any = {sort_any, merge_any, exchange_any};
    switch (size) {
    case 4:
        return &four;
    case 8:
        return &eight;
    case 16:
        return &sixteen;
    default:
        return &any;
    }
}
