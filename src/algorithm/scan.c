/* SPDX-License-Identifier: MIT */
/*
 * Two loops over blocks. In the first, who began at the left knows the sum of
 * all before: it writes. Who stole a piece does not, and folds its blocks; when
 * the two meet, what comes before each of these is known. The second writes
 * those.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "algorithm/sum.h"
#include "task/strand.h"

struct scan {
    struct fl_loop loop;
    struct filch_sum sum;
    filch_fold_body *write;
    /* A block's sum; then, if it is still to be written, what is before it. */
    struct fl_blocks blocks;
    bool *is_left; /* for the second loop; of each block */
    void *total;   /* of what is before: who began at the left */
    filch_executor *executor;
};

/* Behind the blocks' values. */
enum { TOTAL, ROOM, OTHERS };

/* A thread's state in the first loop: zero if it has stolen. */
struct place {
    bool is_leftmost;
};

static int write_block(
    const struct scan *scan, filch_ctx *cx, size_t i, void *before)
{
    struct fl_range range = fl_block_range(&scan->blocks, i);
    int rc = scan->write(cx, range.begin, range.end, before, scan->sum.arg);
    return rc < 0 ? rc : 0;
}

static int write_or_fold(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct scan *scan = (void *)loop;
    const struct place *place = state;
    int rc = 0;
    size_t i = range.begin;
    for (; i < range.end && !rc; i++)
        rc = place->is_leftmost
                 ? write_block(scan, cx, i, scan->total)
                 : fl_block_fold(&scan->blocks, &scan->sum, cx, i);
    if (rc) /* at this block, not where the part begins */
        fl_loop_stop(loop, i - 1, rc);
    return 0;
}

/* Blocks that have been folded: their sum to the total, and what was the total
 * before to where the second loop looks for it. None behind one that failed;
 * that one has no sum. */
static void leave(const struct scan *scan, struct fl_range range)
{
    void *room = fl_block_value(&scan->blocks, scan->blocks.count + ROOM);
    size_t bytes = scan->sum.bytes;
    size_t last = load_relaxed(&scan->loop.last); /* relaxed: [LOOP-meet] */
    for (size_t i = range.begin; i < range.end && i <= last; i++) {
        void *value = fl_block_value(&scan->blocks, i);
        memcpy(room, scan->total, bytes);
        if (i < last)
            scan->sum.combine(scan->total, value, scan->sum.arg);
        memcpy(value, room, bytes);
        scan->is_left[i] = true;
    }
}

static void meet(
    struct fl_loop *loop, void *state, const struct fl_piece *piece)
{
    const struct scan *scan = (void *)loop;
    const struct place *place = state;
    if (place->is_leftmost)
        leave(scan, piece->range);
}

static int write_left(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct scan *scan = (void *)loop;
    int rc = 0;
    (void)state;
    for (size_t i = range.begin; i < range.end && !rc; i++)
        if (scan->is_left[i])
            rc = write_block(scan, cx, i, fl_block_value(&scan->blocks, i));
    return rc;
}

static int first_loop(struct scan *scan)
{
    struct place place = {.is_leftmost = !scan->sum.is_reproducible};
    struct fl_range all = {0, scan->blocks.count};
    scan->loop = (struct fl_loop){.chunk = write_or_fold,
        .meet = meet,
        .state_bytes = sizeof(struct place)};
    fl_loop_init(&scan->loop, "filch_scan\0");
    int rc = fl_loop_run(scan->executor, &scan->loop, all, &place);
    if (!place.is_leftmost)
        leave(scan, all);
    return rc;
}

static int second_loop(struct scan *scan)
{
    scan->loop = (struct fl_loop){.chunk = write_left};
    fl_loop_init(&scan->loop, "filch_scan\0");
    return fl_loop_run(scan->executor, &scan->loop,
        (struct fl_range){0, scan->blocks.count}, NULL);
}

/* The second loop does what lies before the end of the first one: if it fails,
 * that is the first failure, and the message of the other one goes. */
static int run_scan(filch_ctx *cx, void *frame)
{
    struct scan *scan = frame;
    struct fl_run *run = fl_strand_current->innermost;
    (void)cx;
    int rc = first_loop(scan);
    if (!memchr(scan->is_left, true, scan->blocks.count))
        return rc;
    char *message = rc ? fl_run_take_message(run) : NULL;
    int earlier = second_loop(scan);
    if (rc && !earlier)
        fl_run_put_message(run, message);
    else
        free(message);
    return earlier ? earlier : rc;
}

static int scan_range(struct scan *scan, struct fl_range range, void *total)
{
    const struct filch_sum *sum = &scan->sum;
    struct fl_blocks *blocks = &scan->blocks;
    if (fl_blocks_cut(blocks, range, sum->bytes, OTHERS))
        return -ENOMEM;
    scan->total = fl_block_value(blocks, blocks->count + TOTAL);
    fl_value_clear(scan->total, sum->identity, sum->bytes);
    scan->is_left = calloc(blocks->count, sizeof *scan->is_left);
    int rc =
        scan->is_left ? filch_run(scan->executor, run_scan, scan) : -ENOMEM;
    if (!rc && total)
        memcpy(total, scan->total, sum->bytes);
    free(scan->is_left);
    free(blocks->values);
    return rc;
}

int filch_scan_sized(filch_executor *ex, size_t begin, size_t end,
    const struct filch_sum *sum, size_t size, filch_fold_body *write,
    void *total)
{
    struct scan scan = {.write = write, .executor = ex};
    int rc = fl_sum_take(&scan.sum, sum, size);
    if (rc || !ex || !write || begin > end)
        return rc ? rc : -EINVAL;
    if (begin < end)
        return scan_range(&scan, (struct fl_range){begin, end}, total);
    if (total)
        fl_value_clear(total, scan.sum.identity, scan.sum.bytes);
    return 0;
}
