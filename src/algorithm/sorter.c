/* SPDX-License-Identifier: MIT */
/* A few elements: pairs, runs of four, eight, and so on; see merge.h. */
#include "algorithm/sorter.h"

#include <stdalign.h>
#include <stdint.h>

#include "algorithm/merge.h"

enum { GROUP = 4 };

/* From where to where elements go. */
struct pass {
    const char *from;
    char *to;
    size_t bytes;
};

FL_INLINE void sort_pair(const char *from, char *to, struct fl_order by)
{
    size_t is_less = fl_order_is_less(&by, from + by.size, from);
    fl_merge_copy(to, from + is_less * by.size, by.size);
    fl_merge_copy(to + by.size, from + (1 - is_less) * by.size, by.size);
}

/* Up to GROUP elements. */
FL_INLINE void sort_group(struct pass pass, struct fl_order by)
{
    alignas(FL_SORTER_SIZE_MOST) char pairs[GROUP * FL_SORTER_SIZE_MOST];
    size_t pair = 2 * by.size, i = 0;
    size_t half = fl_merge_fewer(pass.bytes, pair);
    for (; i + pair <= pass.bytes; i += pair)
        sort_pair(pass.from + i, pairs + i, by);
    if (i < pass.bytes)
        fl_merge_copy(pairs + i, pass.from + i, by.size);
    fl_merge_runs((struct fl_merge){pairs, pairs + half, half,
                      pass.bytes - half, pass.to},
        by);
}

/* They may stay where they are. */
FL_INLINE void sort_groups(struct pass pass, struct fl_order by)
{
    size_t group = GROUP * by.size, i = 0;
    for (; i + group <= pass.bytes; i += group)
        sort_group((struct pass){pass.from + i, pass.to + i, group}, by);
    if (i < pass.bytes)
        sort_group(
            (struct pass){pass.from + i, pass.to + i, pass.bytes - i}, by);
}

/* Merges each two runs of `width` bytes; the last ones may be shorter. */
FL_INLINE void merge_all(struct pass pass, size_t width, struct fl_order by)
{
    for (size_t i = 0; i < pass.bytes; i += 2 * width) {
        const char *a = pass.from + i;
        size_t a_bytes = fl_merge_fewer(width, pass.bytes - i);
        size_t b_bytes = fl_merge_fewer(width, pass.bytes - i - a_bytes);
        fl_merge_runs(
            (struct fl_merge){a, a + a_bytes, a_bytes, b_bytes, pass.to + i},
            by);
    }
}

/* Whether the elements from the second on compare with the one before as
 * `is_less` says. */
FL_INLINE bool is_run(
    const char *data, size_t count, bool is_less, struct fl_order by)
{
    for (const char *at = data; --count > 0; at += by.size)
        if (fl_order_is_less(&by, at + by.size, at) != is_less)
            return false;
    return true;
}

FL_INLINE unsigned sort_leaf(
    char *const places[2], size_t count, unsigned goal, struct fl_order by)
{
    unsigned at = goal;
    size_t bytes = count * by.size;
    if (is_run(places[0], count, false, by))
        return 0;
    if (is_run(places[0], count, true, by))
        return FL_SORTED_DESCENDING;
    for (size_t width = GROUP * by.size; width < bytes; width *= 2)
        at = !at;
    sort_groups((struct pass){places[0], places[at], bytes}, by);
    for (size_t width = GROUP * by.size; width < bytes; width *= 2, at = !at)
        merge_all((struct pass){places[at], places[!at], bytes}, width, by);
    return at;
}

FL_INLINE void exchange(char *low, char *high, size_t count, size_t size)
{
    char kept[FL_SORTER_SIZE_MOST];
    for (; count > 0; count--, low += size, high -= size) {
        memcpy(kept, low, size);
        memcpy(low, high, size);
        memcpy(high, kept, size);
    }
}

/* For each size. */
FL_INLINE struct fl_order sized(const struct fl_order *order, size_t size)
{
    return (struct fl_order){order->compare, order->arg, size, false};
}

static unsigned sort_4(char *data, char *room, size_t count, unsigned goal,
    const struct fl_order *order)
{
    return sort_leaf((char *[]){data, room}, count, goal, sized(order, 4));
}

static void merge_4(const struct fl_merge *merge, const struct fl_order *order)
{
    fl_merge_runs(*merge, sized(order, 4));
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
    return sort_leaf((char *[]){data, room}, count, goal, sized(order, 8));
}

static void merge_8(const struct fl_merge *merge, const struct fl_order *order)
{
    fl_merge_runs(*merge, sized(order, 8));
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
    return sort_leaf((char *[]){data, room}, count, goal, sized(order, 16));
}

static void merge_16(const struct fl_merge *merge, const struct fl_order *order)
{
    fl_merge_runs(*merge, sized(order, 16));
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
    return sort_leaf(
        (char *[]){data, room}, count, goal, sized(order, order->size));
}

static void merge_any(
    const struct fl_merge *merge, const struct fl_order *order)
{
    fl_merge_runs(*merge, sized(order, order->size));
}

static void exchange_any(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    exchange(low, high, count, order->size);
}

/* A leaf's elements are in a cache after the first look at them. */
static unsigned sort_pointed(char *data, char *room, size_t count,
    unsigned goal, const struct fl_order *order)
{
    return sort_leaf(
        (char *[]){data, room}, count, goal, sized(order, sizeof(void *)));
}

static void merge_pointed(
    const struct fl_merge *merge, const struct fl_order *order)
{
    struct fl_order by = {order->compare, order->arg, sizeof(void *), true};
    fl_merge_runs(*merge, by);
}

static void exchange_pointed(
    char *low, char *high, size_t count, const struct fl_order *order)
{
    (void)order;
    exchange(low, high, count, sizeof(void *));
}

const struct fl_sorter *fl_sorter_for(const struct fl_order *order)
{
    static const struct fl_sorter four = {sort_4, merge_4, exchange_4};
    static const struct fl_sorter eight = {sort_8, merge_8, exchange_8};
    static const struct fl_sorter sixteen = {sort_16, merge_16, exchange_16};
    static const struct fl_sorter any = {sort_any, merge_any, exchange_any};
    static const struct fl_sorter pointed = {
        sort_pointed, merge_pointed, exchange_pointed};
    if (order->is_pointed)
        return &pointed;
    switch (order->size) {
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
