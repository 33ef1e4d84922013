/* SPDX-License-Identifier: MIT */
#include "algorithm/loop.h"

#include <errno.h>
#include <stdlib.h>

#include "platform/clock.h"
#include "task/strand.h"

/* So long shall a part take, about: a hungry worker waits for its end. What is
 * done sooner is not worth a wake-up. What takes less than CLEAR_NS says
 * nothing of what the rest will take. */
enum { PART_NS = 10000, CLEAR_NS = 1000 };
/* So many numbers per worker, and the first one can be tried alone. */
enum { MANY = 32 };

/* How a worker goes on. */
struct pace {
    size_t part;     /* so many at once */
    bool is_worth;   /* giving half away, as far as it knows */
    int64_t then_ns; /* when the last part ended; 0: not just now */
};

static size_t length(struct fl_range range)
{
    return range.end - range.begin;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* After a part, with so many left. More next time, or as many as are right. */
static void adapt(struct pace *pace, size_t done, size_t left)
{
    int64_t now = fl_clock_now_ns(), took = now - pace->then_ns;
    pace->then_ns = now;
    if (took >= CLEAR_NS)
        pace->is_worth = (double)took / (double)done * (double)left >= PART_NS;
    if (took >= 2 * PART_NS)
        pace->part /= smaller((size_t)(took / PART_NS), pace->part);
    else if (took < PART_NS / 2 && done == pace->part && done <= SIZE_MAX / 4)
        pace->part *= took < PART_NS / 8 ? 4 : 2;
}

/* The owner. Somebody looks for work, and there is room for a record. */
static bool is_hungry(const struct fl_loop *loop, filch_ctx *cx)
{
    const struct fl_region *region = (void *)filch_fork_region_of(cx);
    return fl_region_is_poked(region) &&
           (char *)cx + loop->type.bytes <= region->end;
}

static filch_ctx *fork_half(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range *todo)
{
    struct fl_piece *piece = (void *)cx;
    size_t middle = todo->begin + length(*todo) / 2;
    piece->head.type = &loop->type;
    piece->loop = loop;
    piece->range = (struct fl_range){middle, todo->end};
    todo->end = middle;
    /* poked: the older half of what is private is published, so this one, too,
     * if it is alone */
    return filch_fork_slow(
        (filch_ctx *)((char *)cx + loop->type.bytes), &loop->type);
}

/* The last fork: what is left to be done of it here, all or nothing. */
static filch_ctx *join_half(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range *todo, void *state)
{
    struct filch_joined joined = filch_join_slow(cx, &loop->type);
    struct fl_piece *piece =
        joined.done ? (void *)joined.done : (void *)joined.cx;
    *todo = piece->range;
    if (joined.done) {
        todo->begin = todo->end;
        if (loop->meet)
            loop->meet(loop, state, piece);
    }
    filch_fork_wipe(&piece->head, loop->type.bytes);
    return joined.cx;
}

void fl_loop_stop(struct fl_loop *loop, size_t last, int code)
{
    struct fl_run *run = fl_strand_current->innermost;
    /* what is not a failure leaves the task's own alone */
    char *message = code < 0 ? fl_run_take_message(run) : NULL;
    fl_lock_take(&loop->lock);
    size_t before = load_relaxed(&loop->last);
    if (last < before || (last == before && code > 0)) {
        char *other = loop->message;
        loop->message = message;
        message = other;
        loop->code = code;
        /* relaxed: seen late, a part is done that nobody wants [LOOP-last] */
        store_relaxed(&loop->last, last);
    }
    fl_lock_drop(&loop->lock);
    free(message);
}

static int do_part(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range part, void *state)
{
    return filch_stopping(cx) ? -ECANCELED : loop->chunk(loop, cx, part, state);
}

/* Does the next part. Where to go on. */
static size_t step(struct fl_loop *loop, filch_ctx *cx, struct fl_range todo,
    struct pace *pace, void *state)
{
    struct fl_range part = {
        todo.begin, todo.begin + smaller(pace->part, length(todo))};
    if (todo.begin > load_relaxed(&loop->last)) /* relaxed: as above */
        return todo.end;
    if (!pace->then_ns)
        pace->then_ns = fl_clock_now_ns();
    int rc = do_part(loop, cx, part, state);
    if (rc)
        fl_loop_stop(loop, part.begin, rc);
    adapt(pace, length(part), todo.end - part.end);
    return part.end;
}

static void work(struct fl_loop *loop, filch_ctx *cx, struct fl_range todo,
    void *state, bool is_worth)
{
    struct pace pace = {.part = 1, .is_worth = is_worth};
    for (unsigned forks = 0;; forks--) {
        while (todo.begin < todo.end) {
            if (pace.is_worth && length(todo) > pace.part &&
                is_hungry(loop, cx)) {
                cx = fork_half(loop, cx, &todo);
                pace.then_ns = 0;
                forks++;
            } else {
                todo.begin = step(loop, cx, todo, &pace, state);
            }
        }
        if (!forks)
            return;
        cx = join_half(loop, cx, &todo, state);
        pace.then_ns = 0;
    }
}

static void run_stolen(filch_ctx *cx, struct filch_fork_record *record)
{
    struct fl_piece *piece = (void *)record;
    struct fl_loop *loop = piece->loop;
    fl_value_clear(piece->state, loop->identity, loop->state_bytes);
    work(loop, cx, piece->range, piece->state, true);
}

struct whole {
    struct fl_loop *loop;
    struct fl_range range;
    void *state;
    bool is_short;
};

static int run_whole(filch_ctx *cx, void *frame)
{
    const struct whole *whole = frame;
    struct fl_loop *loop = whole->loop;
    work(loop, cx, whole->range, whole->state, whole->is_short);
    if (loop->message)
        fl_run_put_message(fl_strand_current->innermost, loop->message);
    loop->message = NULL;
    return 0;
}

void fl_loop_init(struct fl_loop *loop, const char *name)
{
    size_t lines =
        (loop->state_bytes + FILCH_FORK_ALIGN - 1) / FILCH_FORK_ALIGN;
    loop->type = (struct filch_fork_type){
        run_stolen, name, sizeof(struct fl_piece) + lines * FILCH_FORK_ALIGN};
    store_relaxed(&loop->last, SIZE_MAX);
}

int fl_loop_run(filch_executor *ex, struct fl_loop *loop, struct fl_range range,
    void *state)
{
    if (!ex || range.begin > range.end)
        return -EINVAL;
    if (range.begin == range.end)
        return 0;
    size_t many = MANY * (size_t)filch_executor_workers(ex);
    struct whole whole = {loop, range, state, length(range) < many};
    int rc = filch_run(ex, run_whole, &whole);
    return rc ? rc : loop->code;
}
