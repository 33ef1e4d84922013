/* SPDX-License-Identifier: MIT */
/* What reduce and scan share: the caller's sum, and values of blocks. */
#ifndef FL_ALGORITHM_SUM_H
#define FL_ALGORITHM_SUM_H

#include <filch/algorithm.h>

#include "algorithm/loop.h"

/* As many blocks as there are at most. */
enum { FL_BLOCKS_MOST = 1024 };

/* A range cut into blocks, by its length alone, and a value for each. */
struct fl_blocks {
    struct fl_range range;
    size_t length; /* of a block; the last one may be shorter */
    size_t count;
    size_t stride; /* bytes from value to value */
    unsigned char *values;
};

/* Any thread. Takes the caller's struct of `size` bytes. 0, -EINVAL, -E2BIG. */
int fl_sum_take(
    struct filch_sum *sum, const struct filch_sum *from, size_t size);

/* Any thread. Allocates `values`, to be freed: of the blocks, and as many
 * others. The range is not empty. 0, -ENOMEM. */
int fl_blocks_cut(struct fl_blocks *blocks, struct fl_range range,
    size_t value_bytes, size_t others);

/* Any thread. The numbers of a block. */
static inline struct fl_range fl_block_range(
    const struct fl_blocks *blocks, size_t i)
{
    size_t begin = blocks->range.begin + i * blocks->length;
    size_t left = blocks->range.end - begin;
    return (struct fl_range){
        begin, begin + (left < blocks->length ? left : blocks->length)};
}

/* Any thread. The value of a block. */
static inline void *fl_block_value(const struct fl_blocks *blocks, size_t i)
{
    return blocks->values + i * blocks->stride;
}

/* A part: folds a block into its value. */
int fl_block_fold(const struct fl_blocks *blocks, const struct filch_sum *sum,
    filch_ctx *cx, size_t i);

#endif
