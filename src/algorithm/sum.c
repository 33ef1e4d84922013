/* SPDX-License-Identifier: MIT */
#include "algorithm/sum.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "executor/options.h"

static bool is_bad(const struct filch_sum *sum)
{
    return !sum->fold || !sum->combine || !sum->bytes ||
           sum->bytes > FILCH_VALUE_MAX;
}

int fl_sum_take(
    struct filch_sum *sum, const struct filch_sum *from, size_t size)
{
    int rc = fl_options_copy(sum, sizeof *sum, from, size);
    return !rc && is_bad(sum) ? -EINVAL : rc;
}

int fl_blocks_cut(struct fl_blocks *blocks, struct fl_range range,
    size_t value_bytes, size_t others)
{
    size_t count = range.end - range.begin;
    size_t length = count / FL_BLOCKS_MOST + (count % FL_BLOCKS_MOST != 0);
    size_t align = alignof(max_align_t);
    *blocks = (struct fl_blocks){.range = range,
        .length = length,
        .count = count / length + (count % length != 0),
        .stride = (value_bytes + align - 1) / align * align};
    blocks->values = malloc((blocks->count + others) * blocks->stride);
    return blocks->values ? 0 : -ENOMEM;
}

int fl_block_fold(const struct fl_blocks *blocks, const struct filch_sum *sum,
    filch_ctx *cx, size_t i)
{
    struct fl_range range = fl_block_range(blocks, i);
    void *value = fl_block_value(blocks, i);
    fl_value_clear(value, sum->identity, sum->bytes);
    int rc = sum->fold(cx, range.begin, range.end, value, sum->arg);
    return rc < 0 ? rc : 0;
}
