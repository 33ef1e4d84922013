/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "algorithm/sum.h"

struct reduce {
    struct fl_loop loop;
    struct filch_sum sum;
    struct fl_blocks blocks; /* reproducible only: the loop is over these */
};

static int fold(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct filch_sum *sum = &((struct reduce *)(void *)loop)->sum;
    int rc = sum->fold(cx, range.begin, range.end, state, sum->arg);
    return rc < 0 ? rc : 0;
}

static void combine(
    struct fl_loop *loop, void *state, const struct fl_piece *piece)
{
    const struct filch_sum *sum = &((struct reduce *)(void *)loop)->sum;
    /* relaxed: [LOOP-meet]. Else it may not have been finished. */
    if (load_relaxed(&loop->last) == SIZE_MAX)
        sum->combine(state, piece->state, sum->arg);
}

static int reduce_as_it_comes(
    filch_executor *ex, struct reduce *reduce, void *result)
{
    reduce->loop.chunk = fold;
    reduce->loop.meet = combine;
    reduce->loop.identity = reduce->sum.identity;
    reduce->loop.state_bytes = reduce->sum.bytes;
    fl_loop_init(&reduce->loop, "filch_reduce\0");
    return fl_loop_run(ex, &reduce->loop, reduce->blocks.range, result);
}

static int fold_blocks(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct reduce *reduce = (void *)loop;
    int rc = 0;
    (void)state;
    for (size_t i = range.begin; i < range.end && !rc; i++)
        rc = fl_block_fold(&reduce->blocks, &reduce->sum, cx, i);
    return rc;
}

/* Neighbours, then neighbours of those, and so on. */
static void combine_blocks(const struct reduce *reduce)
{
    const struct fl_blocks *blocks = &reduce->blocks;
    for (size_t apart = 1; apart < blocks->count; apart *= 2)
        for (size_t i = 0; i + apart < blocks->count; i += 2 * apart)
            reduce->sum.combine(fl_block_value(blocks, i),
                fl_block_value(blocks, i + apart), reduce->sum.arg);
}

static int reduce_blocks(
    filch_executor *ex, struct reduce *reduce, void *result)
{
    struct fl_blocks *blocks = &reduce->blocks;
    if (fl_blocks_cut(blocks, blocks->range, reduce->sum.bytes, 0))
        return -ENOMEM;
    reduce->loop.chunk = fold_blocks;
    fl_loop_init(&reduce->loop, "filch_reduce\0");
    int rc = fl_loop_run(
        ex, &reduce->loop, (struct fl_range){0, blocks->count}, NULL);
    if (!rc) {
        combine_blocks(reduce);
        memcpy(result, blocks->values, reduce->sum.bytes);
    }
    free(blocks->values);
    return rc;
}

int filch_reduce_sized(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, size_t size, void *result)
{
    struct reduce reduce = {.blocks.range = {begin, end}};
    int rc = fl_sum_take(&reduce.sum, sum, size);
    if (rc || !ex || !result || begin > end || result == reduce.sum.identity)
        return rc ? rc : -EINVAL;
    fl_value_clear(result, reduce.sum.identity, reduce.sum.bytes);
    if (!reduce.sum.is_reproducible || begin == end)
        return reduce_as_it_comes(ex, &reduce, result);
    return reduce_blocks(ex, &reduce, result);
}
