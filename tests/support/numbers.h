/* SPDX-License-Identifier: MIT */
/*
 * An input for maps: numbers from 0 on, up to a count or without end, that
 * may fail; and what is common to maps of it.
 */
#ifndef TESTS_NUMBERS_H
#define TESTS_NUMBERS_H

#include "feature.h"

#include "pool.h"

#include <stdint.h>

struct numbers {
    int read; /* so far; in the thread that uses the map */
    int count;
    int code; /* what is said behind the last one */
};

/** filch_map_options.next_item */
static inline int next_number(void *data, void *item)
{
    struct numbers *numbers = data;
    if (numbers->read == numbers->count)
        return numbers->code;
    *(int *)item = numbers->read++;
    return 1;
}

/** Adds one more for each item that has begun: of the function below. */
static atomic_int begun;

static inline long cube_of(long n)
{
    return n * n * n;
}

/** The function: a long for an int. */
static inline int cube_number(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    atomic_fetch_add(&begun, 1);
    *(long *)result = cube_of(*(const int *)arg);
    return 0;
}

static inline struct filch_map_options map_of(struct numbers *numbers)
{
    return (struct filch_map_options){.next_item = next_number,
        .data = numbers,
        .item_bytes = sizeof(int),
        .result_bytes = sizeof(long)};
}

static inline filch_map_stream *open_map(
    filch_executor *ex, filch_task *fn, const struct filch_map_options *options)
{
    filch_map_stream *m = NULL;
    MUST(filch_map_open(&m, ex, fn, options) == 0);
    return m;
}

/** Takes one; it must be the cube of a number, which is returned. */
static inline int take_cube(filch_map_stream *m)
{
    long value = -1;
    size_t index = 0;
    MUST(filch_map_next(m, &value, &index) == 1);
    MUST(value == cube_of((long)index));
    return (int)index;
}

/** Takes what there is; none of the codes is 1. */
static inline int take_code(filch_map_stream *m, size_t *index)
{
    long untouched = -1;
    int rc = filch_map_next(m, &untouched, index);
    MUST(rc != 1 && untouched == -1);
    return rc;
}

/** It is over, and stays so. */
static inline int end_of(filch_map_stream *m)
{
    size_t index = 0;
    int rc = take_code(m, &index);
    MUST(index == FILCH_NO_ITEM);
    MUST(take_code(m, &index) == rc && index == FILCH_NO_ITEM);
    return rc;
}

static const enum filch_map_order orders[] = {
    FILCH_ORDERED, FILCH_AS_COMPLETED};

/** For maps in order, and as completed: `order` points to which. */
#define FOR_BOTH_ORDERS(order)                                                 \
    for (const enum filch_map_order *order = orders; order < orders + 2;       \
         order++)

static inline struct filch_map_options map_in(
    enum filch_map_order order, struct numbers *input)
{
    struct filch_map_options options = map_of(input);
    options.order = order;
    return options;
}

static inline void take_all(filch_map_stream *m, int count)
{
    for (int i = 0; i < count; i++)
        (void)take_cube(m);
}

#endif
