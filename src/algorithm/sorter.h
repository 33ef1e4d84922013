/* SPDX-License-Identifier: MIT */
/*
 * The serial parts of the sort: sorting a few elements, merging two runs,
 * reversing. There is one for each common size of elements, in which copying
 * one is a move, and one for all others.
 *
 * Whatever the comparison says, what comes out are the elements that went in,
 * after O(count) calls for a merge and O(count log count) for a sort.
 */
#ifndef FL_ALGORITHM_SORTER_H
#define FL_ALGORITHM_SORTER_H

#include <filch/sort.h>

#include <stdbool.h>

/* What one can sort. */
enum {
    FL_SORTER_SIZE_MOST = 128, /* of an element; a power of two */
    FL_SORTER_LEAF = 1024,     /* elements that are sorted in one go */
};

/* Immutable while it is sorted. */
struct fl_order {
    filch_compare *compare;
    void *arg;
    size_t size;     /* of an element */
    bool is_pointed; /* elements are pointers to what is looked at */
};

/* Any thread. The user's comparison: a belongs before b. */
static inline bool fl_order_is_less(
    const struct fl_order *order, const char *a, const char *b)
{
    return order->compare(a, b, order->arg) < 0;
}

/* Two runs of the same array and where they go, which overlaps neither. Of
 * equal elements, those of a come first. */
struct fl_merge {
    const char *a, *b;
    size_t a_bytes, b_bytes;
    char *to;
};

/* Where elements are, and how. Bits. */
enum fl_sorted {
    FL_SORTED_IN_ROOM = 1,    /* in the room, not in the array */
    FL_SORTED_DESCENDING = 2, /* strictly, and still in the array */
    FL_SORTED_STOPPED = 4,    /* unsorted, or not all */
};

struct fl_sorter {
    /* Any thread. At most FL_SORTER_LEAF elements, at least 1; the room is as
     * large. They end up where `goal` says (0 or FL_SORTED_IN_ROOM), or, when
     * they are a run already, stay: the result says so. */
    unsigned (*sort)(char *data, char *room, size_t count, unsigned goal,
        const struct fl_order *order);
    /* Any thread. */
    void (*merge)(const struct fl_merge *merge, const struct fl_order *order);
    /* Any thread. Exchanges low[i] with high[-i] for i < count. */
    void (*exchange)(
        char *low, char *high, size_t count, const struct fl_order *order);
};

/* Any thread. For elements of 1 to FL_SORTER_SIZE_MOST bytes. */
const struct fl_sorter *fl_sorter_for(const struct fl_order *order);

#endif
