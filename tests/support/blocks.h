/* SPDX-License-Identifier: MIT */
/*
 * Maps whose items and results are blocks of their own: a sanitizer sees what
 * is lost or freed twice, and so do the counts.
 */
#ifndef TESTS_BLOCKS_H
#define TESTS_BLOCKS_H

#include "feature.h"

#include "numbers.h"

static atomic_int items_alive;
static atomic_int results_alive;

static inline int *block(atomic_int *alive, int value)
{
    int *made = malloc(sizeof *made);
    MUST(made != NULL);
    atomic_fetch_add(alive, 1);
    *made = value;
    return made;
}

static inline int next_block(void *data, void *item)
{
    struct numbers *input = data;
    int value = -1;
    int rc = next_number(input, &value);
    if (rc == 1)
        *(int **)item = block(&items_alive, value);
    return rc;
}

static inline void free_item(void *item)
{
    free(*(int **)item);
    atomic_fetch_sub(&items_alive, 1);
}

static inline void free_result(void *result)
{
    free(*(int **)result);
    atomic_fetch_sub(&results_alive, 1);
}

static inline int copy_block(filch_ctx *cx, void *arg, void *result)
{
    int n = **(int **)arg;
    (void)cx;
    if (n % 7 == 3)
        return filch_failf(cx, -ERANGE, "three of seven: %d", n);
    *(int **)result = block(&results_alive, n);
    return 0;
}

static inline struct filch_map_options map_of_blocks(
    enum filch_map_order order, struct numbers *input, size_t chunk)
{
    return (struct filch_map_options){.next_item = next_block,
        .data = input,
        .item_bytes = sizeof(int *),
        .result_bytes = sizeof(int *),
        .window = 16,
        .chunk = chunk,
        .order = order,
        .item_destroy = free_item,
        .result_destroy = free_result};
}

#endif
